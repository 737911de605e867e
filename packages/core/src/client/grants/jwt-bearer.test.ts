import { createTestAuthorizationServer } from '@countersign/testing';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { getSigningKey } from '../../../tests/support/client/signing-key.ts';
import { createClient, exchangeAssertion, privateKeyJwt } from '../../index.ts';

test('exchanges an assertion for an access token', async () => {
  const { key, jwk } = await getSigningKey('ES256');
  const server = await createTestAuthorizationServer({
    clients: [{ clientId: 'service', tokenEndpointAuthMethod: 'private_key_jwt', jwks: { keys: [jwk] } }],
  });
  const client = createClient({
    issuer: server.issuer,
    clientId: 'service',
    clientAuthentication: privateKeyJwt({ key, kid: jwk.kid as string }),
    fetch: server.fetch,
  });
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: jwk.kid as string })
    .setIssuer('service')
    .setSubject('alice')
    .setAudience(server.issuer)
    .setExpirationTime('1m')
    .sign(key);
  const tokens = await exchangeAssertion(client, assertion, { scope: 'orders:read' });
  expect(tokens).toMatchObject({ tokenType: 'Bearer', scopes: ['orders:read'] });
  expect(server.requestsTo('token')[0]?.body.assertion).toBe(assertion);
});
