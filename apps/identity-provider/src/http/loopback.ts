/** Host names and addresses of the local machine. */
const loopbackHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

export const isLoopback = (host: string): boolean => loopbackHosts.has(host);

/**
 * Sends the provider's outgoing requests: logout tokens and client key sets. The library rejects every private address.
 * The demo clients run on the local machine, so loopback addresses are allowed; other private addresses are not.
 */
export function fetchWithLoopback(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!isLoopback(url.hostname)) return fetch(input, init);
  const { dispatcher: _, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
  return fetch(input, rest);
}
