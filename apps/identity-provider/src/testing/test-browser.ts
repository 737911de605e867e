/** Where a visit ended: a page of the provider, or the address of a client. */
export interface VisitedPage {
  readonly url: URL;
  readonly status: number;
  /** Empty where the visit left the provider. */
  readonly html: string;
  readonly headers: Headers;
}

export interface TestBrowser {
  /** Follows redirects and forms that submit themselves, as long as they stay at the provider. */
  readonly visit: (url: string | URL, form?: Readonly<Record<string, string>>) => Promise<VisitedPage>;
  /**
   * Opens an authorization URL, signs in where asked, allows where asked, and gives the address of the client to which
   * the provider leads.
   *
   * @throws Error when the provider shows another page, for example an error
   */
  readonly signIn: (authorizationUrl: string | URL, user?: 'alice' | 'bob') => Promise<URL>;
}

/** A browser for tests of the protocol: it keeps cookies and fills in the provider's own pages. */
export function createTestBrowser(issuer: string): TestBrowser {
  const origin = new URL(issuer).origin;
  const jar = createCookieJar();

  async function visit(target: string | URL, form?: Readonly<Record<string, string>>): Promise<VisitedPage> {
    const url = new URL(target);
    if (url.origin !== origin) return { url, status: 0, html: '', headers: new Headers() };
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: jar.cookiesFor(url) },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    jar.keep(url, response.headers.getSetCookie());
    const location = response.headers.get('location');
    if (location !== null) return visit(new URL(location, url));
    const html = await response.text();
    const next = selfSubmittingForm(html, response.headers);
    if (next) return visit(new URL(next.action, url), next.fields);
    return { url, status: response.status, html, headers: response.headers };
  }

  return {
    visit,
    async signIn(authorizationUrl, user = 'alice') {
      let page = await visit(authorizationUrl);
      if (page.html.includes('name="password"')) {
        page = await visit(page.url, { login: user, password: `${user}-demo` });
      }
      const confirm = /action="([^"]+\/confirm)"/.exec(page.html)?.[1];
      if (confirm !== undefined && page.html.includes('>Allow</button>')) {
        page = await visit(new URL(confirm, page.url), {});
      }
      if (page.url.origin !== origin) return page.url;
      throw new Error(
        `The provider did not lead back to the client: ${page.status} at ${page.url.pathname}.`,
      );
    },
  };
}

/** Cookies by name and path, which is what the provider tells them apart by. */
function createCookieJar() {
  const cookies = new Map<string, { name: string; value: string; path: string }>();
  return {
    keep(url: URL, headers: readonly string[]): void {
      for (const header of headers) {
        const [pair = '', ...attributes] = header.split(/; */);
        const [name = '', value = ''] = pair.split(/=(.*)/s);
        const attribute = (wanted: string) =>
          attributes.map((each) => each.split(/=(.*)/s)).find(([key]) => key?.toLowerCase() === wanted)?.[1];
        const path = attribute('path') ?? url.pathname.replace(/\/[^/]*$/, '/');
        const expires = attribute('expires');
        const key = `${name} ${path}`;
        if (value === '' || (expires !== undefined && Date.parse(expires) <= Date.now())) cookies.delete(key);
        else cookies.set(key, { name, value, path });
      }
    },
    cookiesFor({ pathname }: URL): string {
      return [...cookies.values()]
        .filter(
          ({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
        )
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
    },
  };
}

/** The one form of a page whose script submits it; only believed if the page's policy lets the script run. */
function selfSubmittingForm(html: string, headers: Headers) {
  const runs = /script-src[^;]*'sha256-/.test(headers.get('content-security-policy') ?? '');
  if (!runs || !/\.(?:submit|requestSubmit)\(/.test(html)) return undefined;
  const action = unescapeHtml(/<form[^>]+action="([^"]+)"/.exec(html)?.[1] ?? '');
  const inputs = html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const fields = Object.fromEntries(
    [...inputs].map(([, name = '', value = '']) => [name, unescapeHtml(value)]),
  );
  const chosen = /<button[^>]*id="sign-out" name="([^"]+)" value="([^"]+)"/.exec(html);
  if (chosen) fields[chosen[1] ?? ''] = chosen[2] ?? '';
  return { action, fields };
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
