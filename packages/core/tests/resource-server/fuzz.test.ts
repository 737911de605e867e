import { createTestAuthorizationServer } from '@countersign/testing';
import fc from 'fast-check';
import { base64url, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { AuthError, createAccessTokenVerifier } from '../../src/resource-server/index.ts';

const audience = 'https://api.example.test';

test('A9: rejects any request with a typed error', { timeout: 60_000 }, async () => {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    dpop: { origin: audience },
    mtls: true,
  });
  const good = await server.mintAccessToken();
  const json = fc.oneof(
    fc.jsonValue(),
    fc.constant({ alg: 'RS256', typ: 'at+jwt' }),
    fc.constant({ iss: server.issuer }),
  );
  const part = fc.oneof(
    json.map((value) => base64url.encode(JSON.stringify(value) ?? '')),
    fc.string(),
    fc.base64String(),
    fc.constantFrom(...good.split('.')),
  );
  const anyToken = fc.oneof(
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.nat(good.length), fc.string({ minLength: 1, maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text),
  );
  const token = anyToken.filter((text) => text !== good);
  const header = fc.oneof(
    fc
      .tuple(fc.constantFrom('Bearer ', 'DPoP ', 'bearer', 'Basic ', ' Bearer  ', ''), token)
      .map(([a, b]) => a + b),
    fc.string({ unit: 'binary' }),
    fc.array(fc.string(), { maxLength: 2 }),
  );
  const request = fc.record({
    method: fc.option(fc.string(), { nil: undefined }),
    url: fc.option(fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' })), { nil: undefined }),
    headers: fc.record({ authorization: header, dpop: fc.option(token, { nil: undefined }) }),
    rawHeaders: fc.option(fc.array(fc.string()), { nil: undefined }),
    body: fc.anything(),
  });
  await fc.assert(
    fc.asyncProperty(request, async (each) => {
      const error = await verifier.verify(each).then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(AuthError);
      expect([400, 401]).toContain((error as { status?: number }).status);
    }),
    { numRuns: 1000 },
  );
});

test('agrees with jose on valid and malformed tokens', { timeout: 60_000 }, async () => {
  const algorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'Ed25519'] as const;
  const pairs = await Promise.all(algorithms.map((alg) => generateKeyPair(alg, { extractable: true })));
  const jwks = await Promise.all(
    pairs.map(async ({ publicKey }, index) => ({
      ...(await exportJWK(publicKey)),
      kid: algorithms[index] as string,
    })),
  );
  const issuer = 'https://auth.example.test';
  const verifier = createAccessTokenVerifier({ issuer, audience, algorithms, jwks: { keys: jwks } });
  const findKey = ({ kid }: { kid?: string }) => {
    const index = algorithms.indexOf(kid as (typeof algorithms)[number]);
    if (index < 0) throw new Error('unknown kid');
    return pairs[index]!.publicKey;
  };
  const tokens = await Promise.all(
    algorithms.map((alg, index) =>
      new SignJWT({ client_id: 'app', jti: alg })
        .setProtectedHeader({ alg, typ: 'at+jwt', kid: alg })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject('alice')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(pairs[index]!.privateKey),
    ),
  );
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  const change = fc.record({
    index: fc.nat(tokens.length - 1),
    at: fc.nat(2000),
    character: fc.constantFrom(...alphabet),
    how: fc.constantFrom('none', 'replace', 'insert', 'delete', 'swap-signature'),
    other: fc.nat(tokens.length - 1),
  });
  let good = 0;
  await fc.assert(
    fc.asyncProperty(change, async ({ index, at, character, how, other }) => {
      let token = tokens[index] as string;
      const place = at % token.length;
      if (how === 'replace') token = token.slice(0, place) + character + token.slice(place + 1);
      if (how === 'insert') token = token.slice(0, place) + character + token.slice(place);
      if (how === 'delete') token = token.slice(0, place) + token.slice(place + 1);
      if (how === 'swap-signature') {
        token = [...token.split('.').slice(0, 2), tokens[other]?.split('.')[2]].join('.');
      }
      const theirs = await jwtVerify(token, findKey, {
        issuer,
        audience,
        typ: 'at+jwt',
        algorithms: [...algorithms],
      }).then(
        () => true,
        () => false,
      );
      const ours = await verifier.verifyToken(token).then(
        () => true,
        () => false,
      );
      if (ours) good++;
      // The verifier may be stricter than jose (one spelling per token), never looser.
      if (ours !== theirs)
        expect({ ours, theirs, how, lastOfPart: /^$|\./.test(token[place + 1] ?? '') }).toEqual({
          ours: false,
          theirs: true,
          how: 'replace',
          lastOfPart: true,
        });
    }),
    { numRuns: 2000 },
  );
  expect(good).toBeGreaterThan(100);
});
