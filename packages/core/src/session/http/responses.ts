import { type CookieToSet, serializeCookie } from '../cookies/cookies.ts';

/**
 * Sets the headers of a response that sets or depends on a session. A shared cache must not store such a response:
 * it would give the cookie of one user to another (RFC 9111 section 5.2.2.7).
 */
export function addSessionHeaders(headers: Headers, cookies: readonly CookieToSet[]): void {
  headers.set('cache-control', 'private, no-store');
  setPrivateCaching(headers);
  for (const cookie of cookies) headers.append('set-cookie', serializeCookie(cookie));
}

/**
 * Marks a response to a signed-in user as private, so that a shared cache neither stores it nor returns it to another
 * user: `Cache-Control: private, no-store`, unless the application has set a value, and `Vary: Cookie`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.7
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5
 * @example
 * ```ts
 * import { setPrivateCaching } from '@countersign/core/session/adapter';
 *
 * export function GET(): Response {
 *   const response = Response.json({ items: [] });
 *   setPrivateCaching(response.headers);
 *   return response;
 * }
 * ```
 */
export function setPrivateCaching(headers: Headers): void {
  if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-store');
  const vary = (headers.get('vary') ?? '').toLowerCase().split(/[\s,]+/);
  if (!vary.includes('cookie') && !vary.includes('*')) headers.append('vary', 'Cookie');
}

/** Headers of a response of this library: no content sniffing, and no referrer for other sites. */
export function createSessionHeaders(cookies: readonly CookieToSet[] = []): Headers {
  const headers = new Headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  addSessionHeaders(headers, cookies);
  return headers;
}

/** 303: the browser continues with GET after any request method (RFC 9110 section 15.4.4). */
export function createRedirect(location: string, cookies: readonly CookieToSet[] = []): Response {
  const headers = createSessionHeaders(cookies);
  headers.set('location', location);
  return new Response(null, { status: 303, headers });
}

export function createJsonResponse(
  value: unknown,
  options: { status?: number; cookies?: readonly CookieToSet[] } = {},
): Response {
  const headers = createSessionHeaders(options.cookies);
  headers.set('content-type', 'application/json');
  return new Response(JSON.stringify(value), { status: options.status ?? 200, headers });
}

export interface PageContent {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** A short code that the user can pass on to support. */
  readonly code?: string;
  readonly action?:
    | { readonly label: string; readonly href: string }
    | { readonly label: string; readonly post: string; readonly fields: Readonly<Record<string, string>> };
  readonly cookies?: readonly CookieToSet[];
}

const style = `:root{color-scheme:light dark;--background:light-dark(#f4f6f5,#0f1413);--surface:light-dark(#fff,#171e1c);--text:light-dark(#16201d,#e8efec);--muted:light-dark(#55625d,#9fb0a9);--border:light-dark(#d8dfdb,#2d3835);--accent:light-dark(#0b6b5d,#63d2bb);--on-accent:light-dark(#fff,#05231d)}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--background);color:var(--text);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:30rem;width:100%;background:var(--surface);border:1px solid var(--border);border-radius:.9rem;padding:2rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}p{margin:0 0 1.25rem;color:var(--muted);text-wrap:balance}code{font-size:.875rem}
.go{display:inline-block;border:0;border-radius:.55rem;padding:.7rem 1.2rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}
.go:focus-visible{outline:3px solid var(--accent);outline-offset:3px}`;

/** Creates a page of this library. Its texts are constants: no text of a request or of the provider is included. */
export function createPage(content: PageContent): Response {
  const headers = createSessionHeaders(content.cookies);
  headers.set('content-type', 'text/html; charset=utf-8');
  headers.set(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  );
  const code = content.code === undefined ? '' : `<p><code>${escapeHtml(content.code)}</code></p>`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${escapeHtml(content.title)}</title><style>${style}</style></head><body><main><h1>${escapeHtml(content.title)}</h1><p>${escapeHtml(content.text)}</p>${code}${createActionHtml(content.action)}</main></body></html>`;
  return new Response(html, { status: content.status, headers });
}

function createActionHtml(action: PageContent['action']): string {
  if (!action) return '';
  if ('href' in action)
    return `<a class="go" href="${escapeHtml(action.href)}">${escapeHtml(action.label)}</a>`;
  const fields = Object.entries(action.fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
  return `<form method="post" action="${escapeHtml(action.post)}">${fields}<button class="go">${escapeHtml(action.label)}</button></form>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
