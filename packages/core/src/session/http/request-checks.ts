import { discardBody } from '../../internal/fetch/discard-body.ts';

/** Properties of a request that a framework's router knows. An adapter passes them. */
export interface RouterRequest {
  /** The router fetches the address before a navigation. */
  readonly isPrefetch: boolean;
  /**
   * The router fetches the address by script. It loads the address as a document if the response is not in the router's
   * format.
   */
  readonly isRouterFetch: boolean;
  /** The path of the page without the locale that the router reads from it. Default: the path of the request. */
  readonly pagePath?: string | undefined;
}

/**
 * Checks whether a browser or a router fetches an address before the user navigates. Such a request must have no effect.
 *
 * @param router what the headers of the framework's router say, `undefined` without a router
 * @see https://fetch.spec.whatwg.org/#sec-purpose-header
 * @example
 * ```ts
 * import { isPrefetch } from '@countersign/core/session/adapter';
 *
 * export const isNavigation = (request: Request): boolean => !isPrefetch(request, undefined);
 * ```
 */
export function isPrefetch(
  { headers }: Pick<Request, 'headers'>,
  router: Pick<RouterRequest, 'isPrefetch'> | undefined,
): boolean {
  const purpose = `${headers.get('sec-purpose') ?? ''} ${headers.get('purpose') ?? ''} ${headers.get('x-moz') ?? ''}`;
  return router?.isPrefetch === true || /prefetch|prerender/i.test(purpose);
}

/**
 * Checks whether a script sent the request. The provider's pages need a navigation; a script cannot show them.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header
 */
export function isScriptFetch({ headers }: Request, router: RouterRequest | undefined): boolean {
  const mode = headers.get('sec-fetch-mode');
  return router?.isRouterFetch === true || (mode !== null && mode !== 'navigate');
}

/**
 * Checks whether a page of this application sent the request, and not another site on behalf of the user (CSRF).
 * Browsers send `Origin` with every POST. A request with neither header was not sent by a page in a browser.
 */
export function isSameOrigin({ headers }: Request, baseUrl: URL): boolean {
  const origin = headers.get('origin');
  // A host with a trailing dot is the same host (RFC 9110 section 4.2.3).
  if (origin !== null && origin !== 'null') return origin.replace(/\.(?=$|:\d+$)/, '') === baseUrl.origin;
  const site = headers.get('sec-fetch-site');
  return site === 'same-origin';
}

export function acceptsHtml({ headers }: Request): boolean {
  return (headers.get('accept') ?? '').includes('text/html');
}

/** Maximum bytes of a form. */
const maxForm = 65_536;

/** Reads the form of a POST. Returns `undefined` if the body is not a form, is too large, or is incomplete. */
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
