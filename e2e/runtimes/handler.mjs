import { clientSecretBasic, createClient } from '@countersign/core';
import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createWebSessions, serializeCookie } from '@countersign/core/session';

/**
 * Creates the fetch handler that every runtime serves: web sessions, a refresh, and the verification of access tokens.
 *
 * @param {{ issuer: string, origin: string, audience: string }} settings
 */
export function createHandler({ issuer, origin, audience }) {
  let offset = 0;
  let tokenRequests = 0;
  const client = createClient({
    issuer,
    clientId: 'next-web',
    clientAuthentication: clientSecretBasic('next-web-demo-secret'),
    scope: 'openid profile items:read',
    refreshTokens: true,
    resource: audience,
    allowInsecureIssuer: true,
    now: () => Date.now() + offset * 1000,
  });
  const sessions = createWebSessions(client, {
    secret: 'a-secret-for-tests-that-has-32-bytes-',
    baseUrl: origin,
  });
  const verifier = createAccessTokenVerifier({ issuer, audience, allowInsecureIssuer: true });

  /** @type {Record<string, (request: Request) => Promise<Response>>} */
  const routes = {
    '/me': async (request) => {
      const { session } = await sessions.open(request.headers.get('cookie'));
      return Response.json({ sub: session?.user.sub ?? null });
    },
    '/token': async (request) => {
      tokenRequests++;
      const session = await sessions.open(request.headers.get('cookie'));
      const { accessToken } = await session.getAccessToken();
      const response = Response.json({ accessToken });
      for (const cookie of session.cookies) response.headers.append('set-cookie', serializeCookie(cookie));
      return response;
    },
    '/items': async (request) => {
      try {
        const { accessToken } = await verifier.verify(request);
        return Response.json({ sub: accessToken.sub, scopes: accessToken.scopes });
      } catch (error) {
        return new Response(null, { status: error.status ?? 500 });
      }
    },
    '/arrivals': async () => Response.json({ count: tokenRequests }),
    '/clock': async (request) => {
      offset += Number(new URL(request.url).searchParams.get('advance'));
      return new Response(null, { status: 204 });
    },
  };
  return async (/** @type {Request} */ request) => {
    const response = await sessions.handle(request);
    if (response) return response;
    const route = routes[new URL(request.url).pathname];
    return route ? await route(request) : new Response(null, { status: 404 });
  };
}
