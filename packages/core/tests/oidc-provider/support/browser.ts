/** The final page of a visit: at the application, or a page of the provider without a form. */
export interface FinalPage {
  readonly url: URL;
  readonly parameters: URLSearchParams;
  readonly page: string;
}

/** Creates a browser that stores cookies, follows redirects and submits forms until it leaves the provider. */
export function createBrowser(
  origin: string,
  send: (url: string, init: RequestInit) => Promise<Response> = fetch,
) {
  const cookies = new Map<string, string>();

  async function visit(url: URL, body?: URLSearchParams): Promise<FinalPage> {
    if (url.origin !== origin) return { url, parameters: body ?? url.searchParams, page: '' };
    const response = await send(url.href, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(body && { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const page = await response.text();
    if (location !== null) return visit(new URL(location, url));
    if (response.status >= 400)
      throw new Error(`${url.pathname} returned ${response.status}: ${readPageText(page)}`);
    const form = findForm(page, url);
    return form ? visit(form.action, form.fields) : { url, parameters: new URLSearchParams(), page };
  }

  return { visit: (url: string | URL) => visit(new URL(url)) };
}

function findForm(page: string, base: URL): { action: URL; fields: URLSearchParams } | undefined {
  const form = /<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(page);
  if (!form) return undefined;
  const [, action = '', content = ''] = form;
  const fields = new URLSearchParams();
  for (const [input] of content.matchAll(/<(?:input|button)[^>]*>/g)) {
    const [, name] = /name="([^"]*)"/.exec(input) ?? [];
    const [, value = ''] = /value="([^"]*)"/.exec(input) ?? [];
    if (name !== undefined && name !== 'abort') fields.append(name, decodeEntities(value));
  }
  return { action: new URL(decodeEntities(action), base), fields };
}

const decodeEntities = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const readPageText = (page: string) =>
  page
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 300);
