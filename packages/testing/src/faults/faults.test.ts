import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer, type Fault } from '../index.ts';
import { mutations } from './jwt-faults.ts';
import { responseFaults } from './response-faults.ts';

const everyClaim = {
  nonce: 'n',
  at_hash: 'h',
  acr: 'a',
  auth_time: 1,
  sid: 's',
  state: 's',
  jti: 'j',
  events: { e: {} },
};

test.each(Object.keys(mutations))(
  'id_token_%s changes the token until the fault is removed',
  async (name) => {
    const server = await createTestAuthorizationServer();
    server.clock.stop();
    const keys = createLocalJWKSet(await (await server.fetch(String(server.metadata.jwks_uri))).json());
    const describe = async () => {
      const token = await server.mintIdToken(everyClaim);
      const valid = await jwtVerify(token, keys, { currentDate: new Date(server.clock.now()) }).then(
        () => true,
        () => false,
      );
      if (token === 'not.a.jwt') return token;
      const payload = Buffer.from(token.split('.')[1] as string, 'base64url').toString();
      return JSON.stringify([decodeProtectedHeader(token), decodeJwt(token), payload, valid]);
    };
    const unchanged = await describe();
    server.faults.add(`id_token_${name}` as Fault);
    expect(await describe()).not.toBe(unchanged);
    server.faults.clear();
    expect(await describe()).toBe(unchanged);
  },
);

test('applies a fault to one kind of token only', async () => {
  const server = await createTestAuthorizationServer({ faults: ['id_token_iss_invalid'] });
  expect(decodeJwt(await server.mintAccessToken()).iss).toBe(server.issuer);
  expect(decodeJwt(await server.mintIdToken()).iss).toBe(`${server.issuer}1`);
});

test('changes one kind of value with each response fault', () => {
  for (const [name, fault] of Object.entries(responseFaults))
    expect(Object.keys(fault), name).toHaveLength(1);
});
