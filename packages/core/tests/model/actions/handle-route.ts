import type { SentRequest } from '../simulation/browser.ts';
import { baseUrl } from '../simulation/deployment.ts';

/** Sends a request to a route of the application. */
export async function handleRoute(
  sent: SentRequest,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (sent.cookieHeader !== '') headers.set('cookie', sent.cookieHeader);
  const response = await sent.instance.sessions.handle(new Request(baseUrl + path, { ...init, headers }));
  if (!response) throw new Error(`${path} is not a route`);
  return response;
}
