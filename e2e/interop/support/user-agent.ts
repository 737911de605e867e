import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Form, findForms } from './forms.ts';

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

/** A browser without scripts: it keeps cookies by host and path, follows redirects and submits forms. */
export interface UserAgent {
  readonly open: (url: string | URL) => Promise<Page>;
  /** Submits a form of the page: its own values, and these. */
  readonly submit: (page: Page, form: Form, values?: Readonly<Record<string, string>>) => Promise<Page>;
  /** Returns the `Cookie` header for this URL. */
  readonly cookies: (url: string | URL) => string;
  /** Fills the forms of other origins until a redirect leads to this one. */
  readonly fillForms: (page: Page, origin: string, account: Account) => Promise<Page>;
}

export interface Account {
  readonly login: string;
  readonly password: string;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

const maxRedirects = 15;
const maxForms = 6;

export function openUserAgent(): UserAgent {
  const jar = new Map<string, Cookie>();

  const cookies = (target: string | URL) => {
    const { hostname, pathname } = new URL(target);
    // Cookies do not depend on the port: https://www.rfc-editor.org/rfc/rfc6265#section-8.5
    return [...jar.values()]
      .filter(({ host, path }) => host === hostname && isCookiePath(pathname, path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  };

  async function navigate(target: URL, body?: URLSearchParams, referrer?: URL): Promise<Page> {
    let url = target;
    let posted = body;
    for (let count = 0; count < maxRedirects; count++) {
      const isSameOrigin = referrer === undefined || referrer.origin === url.origin;
      const headers = {
        accept: 'text/html,application/xhtml+xml',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        'sec-fetch-site': isSameOrigin ? 'same-origin' : 'cross-site',
        cookie: cookies(url),
        ...(posted && {
          'content-type': 'application/x-www-form-urlencoded',
          ...(referrer && { origin: referrer.origin, referer: referrer.href }),
        }),
      };
      const response = await send(url, headers, posted?.toString());
      for (const header of response.headers['set-cookie'] ?? []) store(jar, url, header);
      const { location } = response.headers;
      const html = await text(response);
      const status = response.statusCode ?? 0;
      if (location === undefined || status < 300 || status > 399) return { url, status, html };
      url = new URL(location, url);
      if (status !== 307 && status !== 308) posted = undefined;
    }
    throw new Error(`More than ${maxRedirects} redirects, the last one to ${url.origin}${url.pathname}.`);
  }

  const agent: UserAgent = {
    cookies,
    open: (url) => navigate(new URL(url)),
    submit(page, form, values = {}) {
      const fields = new URLSearchParams({ ...form.fields, ...values });
      const action = new URL(form.action || page.url.href, page.url);
      if (form.method === 'post') return navigate(action, fields, page.url);
      action.search = fields.toString();
      return navigate(action, undefined, page.url);
    },
    async fillForms(firstPage, origin, account) {
      let page = firstPage;
      for (let count = 0; page.url.origin !== origin && count < maxForms; count++) {
        const forms = findForms(page.html);
        const form = forms.find(({ login, password }) => login ?? password) ?? forms[0];
        if (form === undefined || page.status >= 400) throw new Error(describePage(page));
        page = await agent.submit(page, form, {
          ...(form.login !== undefined && { [form.login]: account.login }),
          ...(form.password !== undefined && { [form.password]: account.password }),
        });
      }
      if (page.url.origin !== origin) throw new Error(describePage(page));
      return page;
    },
  };
  return agent;
}

/** `fetch` sends other Sec-Fetch headers than a navigation. */
const send = (url: URL, headers: OutgoingHttpHeaders, body?: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method: body === undefined ? 'GET' : 'POST', agent: false, headers })
      .once('response', resolve)
      .once('error', reject)
      .end(body);
  });

/** The text of a page, which explains why a login does not go on. */
export function describePage({ url, status, html }: Page): string {
  const content = html
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
  return `${url.origin}${url.pathname} responded with status ${status}: ${content.trim().slice(0, 800)}`;
}

function store(jar: Map<string, Cookie>, url: URL, header: string): void {
  const [pair = '', ...attributes] = header.split(/; */);
  const [name = '', value = ''] = pair.split(/=(.*)/s);
  const find = (attribute: string) =>
    attributes.map((each) => each.split(/=(.*)/s)).find(([key]) => key?.toLowerCase() === attribute)?.[1];
  const path = find('path') ?? (url.pathname.replace(/\/[^/]*$/, '') || '/');
  const expires = find('expires');
  const key = JSON.stringify([url.hostname, path, name]);
  const isExpired =
    Number(find('max-age') ?? 1) <= 0 || (expires !== undefined && Date.parse(expires) <= Date.now());
  if (isExpired) jar.delete(key);
  else jar.set(key, { host: url.hostname, path, name, value });
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4 */
const isCookiePath = (pathname: string, path: string) =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
