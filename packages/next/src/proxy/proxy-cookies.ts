// The proxy and an action can both set the session cookie. Next keeps the lines of the proxy and adds those of the action,
// but a response should set each cookie once (RFC 6265 section 4.1.1). No public function removes a line.

import { type CookieToSet, serializeCookie } from '@countersign/core/session';
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { retainCookies } from '../received-cookies.ts';

/** Next's own record of a request. It adds these lines whenever `Set-Cookie` is set. */
interface RequestMetadata {
  readonly middlewareCookie?: string[];
}

const metadataKey = Symbol.for('NextInternalRequestMeta');

type RunWork = (
  work: object | undefined,
  render: unknown,
  request?: unknown,
  ...otherArguments: unknown[]
) => unknown;

const requestsKey = Symbol.for('countersign.next.requests');
/** The request of each page or action that Next handles. All copies of this module that Next loads share it. */
const globalState = globalThis as { [requestsKey]?: WeakMap<object, object> };

/** Observes the requests of pages and actions. Next passes them to the function that renders the page. */
export function observePages(): void {
  if (globalState[requestsKey]) return;
  const requests = new WeakMap<object, object>();
  globalState[requestsKey] = requests;
  const storage = workAsyncStorage as unknown as { run: RunWork };
  const run = storage.run.bind(storage);
  storage.run = (work, render, request, ...otherArguments) => {
    if (work && typeof request === 'object' && request !== null) {
      requests.set(work, request);
      retainCookies((request as { readonly headers?: Record<string, unknown> }).headers ?? {});
    }
    return run(work, render, request, ...otherArguments);
  };
}

/**
 * Removes the `Set-Cookie` lines of the proxy that set or delete these cookies. The caller adds the new lines afterwards. A
 * line for the same name at another domain, path or partition sets another cookie, and stays.
 *
 * @param request default: the request of the current page or action. Next does not show the request of a route handler.
 */
export function removeProxyCookies(cookies: readonly CookieToSet[], request?: object): void {
  const work = request ? undefined : (workAsyncStorage.getStore() as object | undefined);
  const current = request ?? (work && globalState[requestsKey]?.get(work));
  const lines = (current as { readonly [metadataKey]?: RequestMetadata } | undefined)?.[metadataKey]
    ?.middlewareCookie;
  if (!Array.isArray(lines)) return;
  const replacedCookies = new Set(cookies.map((cookie) => identifyCookie(serializeCookie(cookie))));
  // Next holds this array.
  lines.splice(0, lines.length, ...lines.filter((line) => !replacedCookies.has(identifyCookie(line))));
}

/** What distinguishes cookies in a browser: name, domain, path (RFC 6265 section 5.3) and partition. */
function identifyCookie(line: string): string {
  const [pair = '', ...attributes] = line.split(';');
  const read = (name: string) => {
    const prefix = `${name}=`;
    const attribute = attributes.findLast((each) => each.trim().toLowerCase().startsWith(prefix));
    return attribute?.trim().slice(prefix.length).trim();
  };
  const isPartitioned = attributes.some((each) => each.trim().toLowerCase() === 'partitioned');
  const domain = read('domain')?.replace(/^\./, '').toLowerCase();
  return JSON.stringify([
    pair.slice(0, pair.indexOf('=')).trim(),
    domain,
    read('path') ?? '/',
    isPartitioned,
  ]);
}
