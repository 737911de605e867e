import { expect, test } from 'vitest';
import { createClient } from './create-client.ts';
import { refreshTokens } from './grants/refresh.ts';
import { revokeToken } from './logout/revocation.ts';
import { tlsClientAuth } from './wire/client-authentication.ts';

const issuer = 'https://auth.example.test';
const endpoints = (base: string) => ({
  token_endpoint: `${base}/token`,
  revocation_endpoint: `${base}/revoke`,
});

test.each([
  ['the addresses for mutual TLS', { clientAuthentication: tlsClientAuth() }, `${issuer}/mtls`],
  ['the addresses without mutual TLS', {}, issuer],
])('the message of an error response names %s', async (_, options, base) => {
  const visited: string[] = [];
  const client = createClient({
    issuer,
    clientId: 'web',
    retries: 0,
    metadata: { issuer, ...endpoints(issuer), mtls_endpoint_aliases: endpoints(`${issuer}/mtls`) },
    fetch: async (url) => {
      visited.push(url);
      return new Response(null, { status: 400 });
    },
    ...options,
  });
  const text = (path: string) => expect.stringContaining(`POST ${base}/${path}`);
  await expect(refreshTokens(client, 'r')).rejects.toMatchObject({ message: text('token') });
  await expect(revokeToken(client, 'r')).rejects.toMatchObject({ message: text('revoke') });
  expect(visited).toEqual([`${base}/token`, `${base}/revoke`]);
});
