import { discardBody } from '../../internal/discard-body.ts';

/** A browser that fetches ahead of a click: nothing may happen for it. */
export function isPrefetch({ headers }: Request): boolean {
  const purpose = `${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''} ${headers.get('x-moz') ?? ''}`;
  return (
    /prefetch|prerender/i.test(purpose) ||
    headers.has('next-router-prefetch') ||
    headers.has('next-router-segment-prefetch')
  );
}

/**
 * A script's fetch, where only a navigation of the whole page can help: the provider's pages cannot be fetched.
 *
 * @see Fetch Metadata Request Headers section 2.2
 */
export function isScriptFetch({ headers }: Request): boolean {
  const mode = headers.get('sec-fetch-mode');
  return headers.has('rsc') || (mode !== null && mode !== 'navigate');
}

/**
 * True when the request was made by a page of this application: otherwise another site acts in the user's name.
 * Browsers send `Origin` with every POST; what has neither header does not come from a browser's page.
 */
export function isSameOrigin({ headers }: Request, baseUrl: URL): boolean {
  const origin = headers.get('origin');
  if (origin !== null && origin !== 'null') return origin === baseUrl.origin;
  const site = headers.get('sec-fetch-site');
  return site === 'same-origin';
}

export function wantsHtml({ headers }: Request): boolean {
  return (headers.get('accept') ?? '').includes('text/html');
}

/** Bytes of a form at most. */
const maxForm = 65_536;

/** The form of a POST; `undefined` when it is none, too large, or breaks off. */
export async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  const reader = request.body?.getReader();
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      size += read.value.byteLength;
      if (size > maxForm) {
        discardBody(reader);
        return undefined;
      }
      text += decoder.decode(read.value, { stream: true });
    }
  } catch {
    return undefined;
  }
  return new URLSearchParams(text + decoder.decode());
}
