import { ConfigurationError } from '../errors.ts';
import {
  type NodeFetch,
  type NodeFetchOptions,
  type NodeFetchSettings,
  readProxyVariable,
} from './node-fetch-options.ts';

/**
 * Creates a `fetch` of Bun, which has options for proxies and TLS itself.
 *
 * @throws ConfigurationError `invalid_option` if Bun lacks what an option requires
 * @see https://bun.com/docs/runtime/networking/fetch
 */
export function createBunFetch(options: NodeFetchOptions, settings: NodeFetchSettings): NodeFetch {
  const { trustedAuthorities, clientCertificate, proxies } = settings;
  for (const name of ['pool', 'connectTimeout'] as const) {
    if (options[name] === undefined) continue;
    throw new ConfigurationError(
      'invalid_option',
      `${name} is not available on Bun. Remove it, or use Node.`,
    );
  }
  if (clientCertificate.cert) checkProxies(proxies);
  const tls = { ...trustedAuthorities, ...clientCertificate };
  const usesTls = Object.keys(tls).length > 0;
  const send = (url: string, init: RequestInit): Promise<Response> => {
    // Bun reads the proxies of the environment itself.
    const proxy = proxies.fromEnvironment ? undefined : proxies.https;
    return fetch(url, { ...init, ...(usesTls && { tls }), ...(proxy && { proxy }) } as RequestInit);
  };
  return Object.assign(send, { close: async () => {} });
}

/**
 * Bun sends the client certificate to a proxy that requests one. A proxy without TLS cannot request it.
 *
 * @throws ConfigurationError `invalid_option`
 */
function checkProxies({ http, https }: NodeFetchSettings['proxies']): void {
  // Bun uses these without being asked.
  const usedProxies = [http, https, readProxyVariable('http_proxy'), readProxyVariable('https_proxy')];
  if (!usedProxies.some((url) => url?.startsWith('https:'))) return;
  throw new ConfigurationError(
    'invalid_option',
    'clientCertificate cannot be used with an https proxy on Bun, which sends the certificate to the proxy. Use an http proxy (https requests use a tunnel), or Node.',
  );
}
