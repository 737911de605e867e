import type * as undici from 'undici';
import { ConfigurationError } from '../errors.ts';
import type { NodeFetch, NodeFetchSettings } from './node-fetch-options.ts';

/** Creates a `fetch` with a pool of undici, which the first request loads. */
export function createUndiciFetch(settings: NodeFetchSettings): NodeFetch {
  let loading:
    | Promise<{ readonly fetch: typeof undici.fetch; readonly dispatcher: undici.Dispatcher }>
    | undefined;
  let isClosed = false;
  const load = async () => {
    const library = await loadUndici();
    return { fetch: library.fetch, dispatcher: createDispatcher(library, settings) };
  };
  const fetchWithPool = async (url: string, init: RequestInit): Promise<Response> => {
    if (isClosed) throw new TypeError('The connections of this fetch are closed.');
    loading ??= load();
    const { fetch, dispatcher } = await loading;
    return fetch(url, { ...(init as undici.RequestInit), dispatcher }) as unknown as Promise<Response>;
  };
  return Object.assign(fetchWithPool, {
    async close() {
      isClosed = true;
      await (await loading?.catch(() => undefined))?.dispatcher.close();
    },
  });
}

/** @throws ConfigurationError `missing_package` */
async function loadUndici(): Promise<typeof undici> {
  try {
    return await import('undici');
  } catch (error) {
    const { code = 'an exception' } = error as { readonly code?: string };
    throw new ConfigurationError(
      'missing_package',
      `createNodeFetch() requires the package undici, which could not be loaded (${code}). Install it: npm install undici`,
    );
  }
}

function createDispatcher(
  { Agent, EnvHttpProxyAgent, ProxyAgent }: typeof undici,
  {
    trustedAuthorities,
    clientCertificate,
    connectTimeout,
    connections,
    keepAliveTimeout,
    proxies,
  }: NodeFetchSettings,
): undici.Dispatcher {
  const server = { ...trustedAuthorities, ...clientCertificate, timeout: connectTimeout };
  const sharedOptions = { connections, keepAliveTimeout };
  if (!proxies.http && !proxies.https) return new Agent({ ...sharedOptions, connect: server });
  // The client certificate is for the provider and must not be sent to the proxy.
  const proxyOptions = {
    ...sharedOptions,
    connectTimeout,
    requestTls: server,
    proxyTls: { ...trustedAuthorities, timeout: connectTimeout },
  };
  if (!proxies.fromEnvironment) return new ProxyAgent({ ...proxyOptions, uri: proxies.https as string });
  return new EnvHttpProxyAgent({
    ...proxyOptions,
    connect: server,
    httpProxy: proxies.http ?? '',
    httpsProxy: proxies.https ?? '',
  });
}
