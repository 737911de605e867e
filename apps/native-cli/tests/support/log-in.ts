/** Creates an HTTP client that stores cookies and follows redirects. It stops at a URL that begins with `stopAt`. */
function createBrowser() {
  const cookies = new Map<string, string>();
  return async function visit(
    url: string,
    options: { readonly form?: Record<string, string>; readonly stopAt?: string } = {},
  ): Promise<{ url: string; status: number; html: string; headers: Headers }> {
    const { form, stopAt } = options;
    const { host } = new URL(url);
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location === null || host.startsWith('127.0.0.1'))
      return { url, status: response.status, html: await response.text(), headers: response.headers };
    const next = new URL(location, url).href;
    if (stopAt !== undefined && next.startsWith(stopAt))
      return { url: next, status: response.status, html: '', headers: response.headers };
    return visit(next, stopAt === undefined ? {} : { stopAt });
  };
}

/** Logs in and grants consent with the provider's forms. Returns the page, or the URL that begins with `stopAt`. */
export async function logIn(
  authorizationUrl: string,
  user: string,
  options: { readonly stopAt?: string; readonly tamper?: (callback: URL) => void } = {},
) {
  const stopAt = options.stopAt ?? 'http://127.0.0.1';
  const visit = createBrowser();
  const login = await visit(authorizationUrl, { stopAt });
  const consent = await visit(login.url, { form: { login: user, password: `${user}-demo` }, stopAt });
  const done = consent.url.startsWith(stopAt)
    ? consent
    : await visit(`${consent.url}/confirm`, { form: {}, stopAt });
  if (options.stopAt !== undefined) return done;
  return visit(done.url);
}

/** Enters the code of a device login in a browser, logs in and grants consent. Returns the last page. */
export async function approveDevice(verificationUri: string, userCode: string, user: string) {
  const visit = createBrowser();
  const readToken = (html: string) => /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
  const entry = await visit(verificationUri);
  const confirm = await visit(entry.url, { form: { xsrf: readToken(entry.html), user_code: userCode } });
  const form = { xsrf: readToken(confirm.html), user_code: userCode, confirm: 'yes' };
  const login = await visit(entry.url, { form });
  const consent = await visit(login.url, { form: { login: user, password: `${user}-demo` } });
  return visit(`${consent.url}/confirm`, { form: {} });
}
