/** The last page of a visit: a page of the provider, or the URL of a client. */
export interface VisitedPage {
  readonly url: URL;
  readonly status: number;
  /** Empty if the URL is not at the provider. */
  readonly html: string;
  readonly headers: Headers;
}

export interface TestBrowser {
  /** Opens a URL. Follows redirects and automatically submitted forms while they stay at the provider. */
  readonly visit: (url: string | URL, form?: Readonly<Record<string, string>>) => Promise<VisitedPage>;
  /**
   * Opens an authorization URL, logs in and grants consent if required, and returns the client's redirect URL.
   *
   * @throws Error if the provider shows another page, for example an error page
   */
  readonly logIn: (authorizationUrl: string | URL, user?: 'alice' | 'bob') => Promise<URL>;
}

/** Creates a browser for protocol tests. It stores cookies and submits the forms of the provider. */
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
    jar.store(url, response.headers.getSetCookie());
    const location = response.headers.get('location');
    if (location !== null) return visit(new URL(location, url));
    const html = await response.text();
    const next = findAutoSubmitForm(html, response.headers);
    if (next) return visit(new URL(next.action, url), next.fields);
    return { url, status: response.status, html, headers: response.headers };
  }

  return {
    visit,
    async logIn(authorizationUrl, user = 'alice') {
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
        `The provider did not redirect to the client: status ${page.status} at ${page.url.pathname}.`,
      );
    },
  };
}

/** Stores cookies by name and path. */
function createCookieJar() {
  const cookies = new Map<string, { name: string; value: string; path: string }>();
  return {
    store(url: URL, headers: readonly string[]): void {
      for (const header of headers) {
        const [pair = '', ...attributes] = header.split(/; */);
        const [name = '', value = ''] = pair.split(/=(.*)/s);
        const findAttribute = (attributeName: string) =>
          attributes
            .map((each) => each.split(/=(.*)/s))
            .find(([key]) => key?.toLowerCase() === attributeName)?.[1];
        const path = findAttribute('path') ?? url.pathname.replace(/\/[^/]*$/, '/');
        const expires = findAttribute('expires');
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

/** Finds a form that a script submits, if the content security policy of the page allows the script. */
function findAutoSubmitForm(html: string, headers: Headers) {
  const isScriptAllowed = /script-src[^;]*'sha256-/.test(headers.get('content-security-policy') ?? '');
  if (!isScriptAllowed || !/\.(?:submit|requestSubmit)\(/.test(html)) return undefined;
  const action = unescapeHtml(/<form[^>]+action="([^"]+)"/.exec(html)?.[1] ?? '');
  const inputs = html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const fields = Object.fromEntries(
    [...inputs].map(([, name = '', value = '']) => [name, unescapeHtml(value)]),
  );
  const submitButton = /<button[^>]*id="log-out" name="([^"]+)" value="([^"]+)"/.exec(html);
  if (submitButton) fields[submitButton[1] ?? ''] = submitButton[2] ?? '';
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
