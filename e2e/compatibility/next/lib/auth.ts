import { createAuth } from '@countersign/next';

export const options = {
  scope: 'openid profile email items:read reports:read',
  resource: ['https://api.countersign.example', 'https://reports.countersign.example'],
  allowInsecureIssuer: true,
  idTokenHint: false,
  trustProxy: process.env.TRUST_PROXY === '1',
} as const;

export const auth = createAuth(options);

/** The same sessions, with the routes in the Pages Router. */
export const pagesAuth = createAuth({ ...options, routes: '/api/auth' });

/** Customers with separate providers, by host. */
const issuers: Record<string, string> = JSON.parse(process.env.TENANTS ?? '{}');

export const tenantAuth = createAuth(
  (host) => {
    const issuer = issuers[host];
    return issuer === undefined
      ? undefined
      : {
          ...options,
          issuer,
          baseUrl: `http://${host}/shop`,
          routes: '/tenant/auth',
          // Both are off by default.
          logoutMethod: 'get',
          accessTokenRoute: true,
        };
  },
  { trustProxy: options.trustProxy },
);
