import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { createTestAuthorizationServer, type Lie } from '../index.ts';
import { answerLies } from './answers.ts';
import { mutations } from './jwt.ts';

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
  'id_token_%s changes the token, and the truth returns without it',
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
    const truth = await describe();
    server.lies.add(`id_token_${name}` as Lie);
    expect(await describe()).not.toBe(truth);
    server.lies.clear();
    expect(await describe()).toBe(truth);
  },
);

test('lies about one kind of token leave the others alone', async () => {
  const server = await createTestAuthorizationServer({ lies: ['id_token_iss_invalid'] });
  expect(decodeJwt(await server.mintAccessToken()).iss).toBe(server.issuer);
  expect(decodeJwt(await server.mintIdToken()).iss).toBe(`${server.issuer}1`);
});

test('every lie about an answer has something to lie about', () => {
  for (const [name, lie] of Object.entries(answerLies)) expect(Object.keys(lie), name).toHaveLength(1);
});
