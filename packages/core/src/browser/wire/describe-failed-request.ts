import { findOrigin } from '../../protocol/secure-url.ts';
import { type BrowserContext, loadCached } from '../options.ts';

/** Milliseconds for which the result of a probe is reused, so that an outage does not double the requests. */
const probeLifetime = 60_000;

/** Browsers report a blocked request without its reason. This records what the Content-Security-Policy blocks. */
export interface PolicyWatch {
  /** Returns the directive that blocked a request, for example `connect-src`. */
  findDirective(): Promise<string | undefined>;
  stop(): void;
}

export function watchPolicy(url: string): PolicyWatch {
  let directive: string | undefined;
  const { origin } = new URL(url);
  const listen = ({ blockedURI, effectiveDirective, disposition }: SecurityPolicyViolationEvent) => {
    // A policy that only reports blocks nothing.
    if (disposition !== 'report' && blockedURI.startsWith(origin)) directive = effectiveDirective;
  };
  const target = typeof document === 'undefined' ? undefined : document;
  target?.addEventListener?.('securitypolicyviolation', listen);
  return {
    async findDirective() {
      // The event is dispatched after the request has failed.
      if (target && directive === undefined) await new Promise((resolve) => setTimeout(resolve));
      return directive;
    },
    stop: () => target?.removeEventListener?.('securitypolicyviolation', listen),
  };
}

/**
 * Describes a request without a response: what was requested, why it failed as far as a page can find out, and what to do.
 *
 * @param request method and address, without the query
 */
export async function describeFailedRequest(
  context: BrowserContext,
  url: string,
  { request, watch }: { readonly request: string; readonly watch: PolicyWatch },
): Promise<string> {
  const { origin } = new URL(url);
  const directive = await watch.findDirective();
  if (directive !== undefined) {
    return `${request} was blocked by the Content-Security-Policy of the page. Add ${origin} to its directive ${directive}.`;
  }
  if (globalThis.navigator?.onLine === false)
    return `${request} failed, because the browser is offline. Try again when it is online.`;
  if (!(await isReachable(context, url))) {
    return `${request} received no response. Check the address, the certificate and the network; if the page has a Content-Security-Policy, connect-src must allow ${origin}; and the provider must allow the origin of the page (CORS).`;
  }
  return `${request}: the server responds, but does not allow ${findOrigin(location)} to read the response (CORS). Register this origin at the provider, for example as an allowed or web origin of the client "${context.clientId}".`;
}

/** Sends a request whose response the page cannot read: it succeeds if only CORS blocked the original request. */
function isReachable(context: BrowserContext, url: string): Promise<boolean> {
  // The application's own `fetch`, or a page without a document, does not follow these rules.
  if (context.options.fetch || typeof document === 'undefined') return Promise.resolve(false);
  // Some environments of tests have no `AbortSignal.timeout`.
  const signal = AbortSignal.timeout?.(context.http.timeout) ?? null;
  const init = { mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal } as const;
  return loadCached(context, `probe ${url}`, probeLifetime, () =>
    fetch(url, init).then(
      () => true,
      () => false,
    ),
  );
}
