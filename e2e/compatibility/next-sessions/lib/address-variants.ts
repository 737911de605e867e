import type { OwnPage } from '@countersign/core/session';
import type { AuthOptions } from '@countersign/next';

const provider = 'https://provider.example';

/** A page by a function: what it receives, as JSON that any cache could store. It fails if the user wanted `/fail`. */
const createPage =
  (by: string): OwnPage =>
  ({ request, ...context }) => {
    if (context.returnTo === '/fail') throw new TypeError('text of another user');
    const { pathname } = new URL(request.url);
    const headers = { 'cache-control': 'public, max-age=60' };
    return Response.json({ by, pathname, ...context }, { status: context.status, headers });
  };

/** Sends requests to a provider whose metadata contains no logout. */
const fetchWithoutLogout: NonNullable<AuthOptions['fetch']> = async (url, init) => {
  const response = await fetch(url, init);
  if (!url.endsWith('/.well-known/openid-configuration')) return response;
  const { end_session_endpoint: _, ...metadata } = (await response.json()) as Record<string, unknown>;
  return Response.json(metadata);
};

/** Its applications share no metadata with the others: their secret differs. */
const withoutLogout: AuthOptions = {
  fetch: fetchWithoutLogout,
  secret: 'the-secret-of-applications-without-a-logout',
};

/** Configurations that differ in addresses, paths and pages. */
export const addressVariants: Readonly<Record<string, (host: string) => AuthOptions>> = {
  path: () => ({ cookie: { path: '/items' }, routes: '/items/auth' }),
  'xn--mller-kva': () => ({ baseUrl: ['https://other.localhost', 'https://müller.localhost'] }),
  'own-pages': () => ({
    pages: { error: '/login-error', denied: '/denied', logout: '/logout-question' },
  }),
  'page-functions': () => ({
    pages: { error: createPage('error'), denied: createPage('denied'), logout: createPage('logout') },
  }),
  'logged-out-page': () => ({ ...withoutLogout, pages: { loggedOut: '/logged-out' } }),
  'logged-out-function': () => ({ ...withoutLogout, pages: { loggedOut: createPage('loggedOut') } }),
  german: () => ({
    messages: { de: { pages: { denied: { title: 'Nicht angemeldet', text: 'Bitte erneut versuchen.' } } } },
  }),
};

/** `cluster-PORT`: a provider by https, whose server the test has started at this port, beside the API by plain http. */
export function findClusterVariant(label: string): AuthOptions | undefined {
  const port = /^cluster-(\d+)$/.exec(label)?.[1];
  if (port === undefined) return undefined;
  const send = (url: string, init?: RequestInit) =>
    fetch(url.startsWith(`${provider}/`) ? url.replace(provider, `http://127.0.0.1:${port}`) : url, init);
  return { issuer: provider, allowInsecureIssuer: false, fetch: send };
}
