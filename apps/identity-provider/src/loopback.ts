/** Names and addresses of this machine alone. */
const loopbackHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]']);

export const isLoopback = (host: string): boolean => loopbackHosts.has(host);

/**
 * Fetches for the provider (logout tokens, keys of clients). The library refuses every private address; in the
 * demonstration the clients are on this very machine, so loopback, and nothing else, is let through.
 */
export function fetchWithLoopback(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!isLoopback(url.hostname)) return fetch(input, init);
  const { dispatcher: _, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
  return fetch(input, rest);
}
