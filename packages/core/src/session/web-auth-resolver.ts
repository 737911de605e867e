import { ConfigurationError } from '../errors.ts';
import { createHostCache } from './http/host-cache.ts';
import { normalizeHost, readHost } from './http/web-hosts.ts';
import { type Application, createApplication, type WebAuth } from './web-auth.ts';
import { checkWebAuthOptions } from './web-auth-option-types.ts';
import type { WebAuthOptions } from './web-auth-options.ts';

/** Options of {@link createWebAuthResolver}. */
export interface WebAuthResolverOptions {
  /**
   * Trusts `X-Forwarded-Host` if a function returns the options. Set it only behind a proxy that overwrites this header.
   * Default: false.
   */
  readonly trustProxy?: boolean | undefined;
  /** Defaults of a framework, for options that are not set. Default: none. */
  readonly defaults?: WebAuthOptions | undefined;
  /**
   * The runtime does not share its memory with the other parts of the application, so a session store in memory is
   * rejected. Default: false.
   */
  readonly hasIsolatedMemory?: boolean | undefined;
}

/**
 * Creates a function that finds the client and the sessions for the host of a request.
 *
 * @param options the options, or a function that returns the options of a host. The function receives the normalized
 *   host (lower case, punycode, no default port, no trailing dot; empty if the request has none). It must return
 *   `undefined` for an unknown host: nothing is created or cached for it. Other results are cached, for 1,000 hosts in
 *   use and 100 new hosts. Hosts with the same issuer, client ID and secret share their stores in memory, and
 *   what they fetch from the provider.
 * @throws ConfigurationError `invalid_option` for an option with a wrong type or a misspelled name. If a function returns
 *   the options, the returned function throws it
 * @throws ConfigurationError from the returned function: `invalid_option` if the host has no options, or the
 *   function returned 20 other addresses of keys for its issuer, client ID and secret,
 *   `too_many_applications` if the process records logouts of 2,000 issuers, client IDs and secrets in its memory
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.2
 * @example
 * ```ts
 * import { createWebAuthResolver } from '@countersign/core/session/adapter';
 *
 * const resolve = createWebAuthResolver({ scope: 'openid profile email' });
 *
 * export async function handle(request: Request): Promise<Response | undefined> {
 *   return resolve(request.headers).sessions.handle(request);
 * }
 * ```
 */
export function createWebAuthResolver(
  options: WebAuthOptions | ((host: string) => WebAuthOptions | undefined),
  { trustProxy, ...settings }: WebAuthResolverOptions = {},
): (headers: Headers) => WebAuth {
  if (typeof options !== 'function') {
    checkWebAuthOptions(options);
    let application: Application | undefined;
    return (headers) => {
      application ??= createApplication(options, settings);
      return application(readHost(headers, { trustProxy: options.trustProxy }));
    };
  }
  const applicationsByHost = createHostCache<Application>();
  // Hosts with the same options object share one client.
  const applications = new WeakMap<WebAuthOptions, Application>();
  return (headers) => {
    const host = normalizeHost(readHost(headers, { trustProxy })) ?? '';
    const cachedApplication = applicationsByHost.get(host);
    if (cachedApplication) return cachedApplication(host);
    const hostOptions = options(host);
    if (!hostOptions)
      throw new ConfigurationError(
        'invalid_option',
        'No options for the host of this request. Return options for each host of the application from the function.',
      );
    if (hostOptions.trustProxy && !trustProxy) {
      throw new ConfigurationError(
        'invalid_option',
        '"trustProxy" has no effect in the options of a host. Set it beside the function: createAuth((host) => ..., { trustProxy: true })',
      );
    }
    const application =
      applications.get(hostOptions) ??
      createApplication(hostOptions, { ...settings, resolver: applications });
    const webAuth = application(host);
    applications.set(hostOptions, application);
    applicationsByHost.set(host, application);
    return webAuth;
  };
}
