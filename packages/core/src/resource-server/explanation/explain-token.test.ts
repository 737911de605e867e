import { afterEach, describe, expect, test } from 'vitest';
import { stubNodeEnv, unstubNodeEnv } from '../../../tests/support/node-env.ts';
import {
  audience,
  decode,
  encode,
  request,
  startVerifier,
} from '../../../tests/support/resource-server/start-verifier.ts';
import type { AccessTokenVerifierOptions } from '../index.ts';

afterEach(() => {
  unstubNodeEnv();
});

async function explain(
  claims: Record<string, unknown> = {},
  {
    header,
    options = {},
    change = (token) => token,
  }: {
    header?: Record<string, unknown>;
    options?: Partial<AccessTokenVerifierOptions>;
    change?: (token: string) => unknown;
  } = {},
) {
  const { server, verifier, events } = await startVerifier(options);
  server.clock.stop();
  const now = Math.floor(server.clock.now() / 1000);
  const times = Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, typeof value === 'function' ? value(now) : value]),
  );
  const token = change(await server.mintAccessToken(times, header ? { header } : {})) as string;
  const explanation = await verifier.explainToken(token);
  // The explanation agrees with the verification of a request.
  const error = await verifier.verifyToken(token).then(
    () => undefined,
    (caught: { code: string }) => caught,
  );
  expect(explanation.accepted).toBe(error === undefined);
  const rejected = events.findLast((event) => event.type === 'token.rejected');
  if (error && rejected?.type === 'token.rejected')
    expect(explanation.problems[0]?.check).toBe(rejected.check);
  return { ...explanation, server, verifier, events, token };
}

describe('the explanation of a rejected token names', () => {
  test('no check if the token is valid', async () => {
    const { accepted, problems, proof, text } = await explain();
    expect({ accepted, problems, proof }).toEqual({ accepted: true, problems: [], proof: undefined });
    expect(text).toBe('The access token is accepted.');
  });

  test('an issuer that differs in a slash', async () => {
    const { problems, server } = await explain(
      {},
      { options: { issuer: 'https://issuer.example.test/', audience } as AccessTokenVerifierOptions },
    );
    expect(problems).toMatchObject([
      { check: 'iss', expected: '"https://issuer.example.test/"', found: `"${server.issuer}"` },
    ]);
    const near = await explain(
      { iss: 'https://issuer.example.test' },
      { options: { issuer: 'https://issuer.example.test/', audience } as AccessTokenVerifierOptions },
    );
    expect(near.problems[0]?.remedy).toContain('differs from "https://issuer.example.test/" only in a slash');
  });

  test('the type and the audience at once, and the profile that accepts the type', async () => {
    const { problems } = await explain({ aud: 'https://other.example.test' }, { header: { typ: 'JWT' } });
    expect(problems).toMatchObject([
      {
        check: 'typ',
        expected: '"at+jwt"',
        found: '"JWT"',
        remedy: expect.stringContaining("profile: 'auth0'"),
      },
      {
        check: 'aud',
        expected: `"${audience}"`,
        found: '"https://other.example.test"',
        remedy: expect.stringContaining('add it to the option audience'),
      },
    ]);
  });

  test.each([
    ['exp', { exp: (now: number) => now - 60 }, /60 s ago/, /clockTolerance/],
    ['exp', { exp: (now: number) => now - 4000 }, /4000 s ago/, /Request a new token/],
    ['exp', { exp: (now: number) => (now - 86_400) * 1 }, /86400 s ago/, /new token/],
    ['nbf', { nbf: (now: number) => now + 100 }, /in 100 s/, /clockTolerance/],
    ['nbf', { nbf: (now: number) => now + 7200 }, /in 7200 s/, /clock of this machine/],
    ['iat', { iat: (now: number) => now * 1000 }, /in \d+ s/, /milliseconds/],
  ])('the time %s', async (check, claims, found, remedy) => {
    const { problems } = await explain(claims);
    expect(problems).toMatchObject([
      {
        check,
        expected: expect.stringContaining('a tolerance of 30 s'),
        found: expect.stringMatching(found),
      },
    ]);
    expect(problems[0]?.remedy).toMatch(remedy);
  });

  test('the algorithm', async () => {
    const { problems } = await explain({}, { options: { algorithms: ['ES256'] } as never });
    expect(problems).toMatchObject([
      { check: 'alg', expected: '"ES256"', found: '"RS256"', remedy: expect.stringContaining('"RS256"') },
    ]);
    const none = await explain(
      {},
      {
        change: (token) =>
          `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${token.split('.').slice(1).join('.')}`,
      },
    );
    expect(none.problems[0]).toMatchObject({ check: 'alg', found: '"HS256"' });
    expect(none.problems[0]?.remedy).toContain('No option accepts');
  });

  test('a missing claim, an ID token, and the signature', async () => {
    const missing = await explain({ client_id: undefined, azp: 'spa' });
    expect(missing.problems).toMatchObject([{ check: 'client_id', found: 'none' }]);
    expect(missing.problems[0]?.remedy).toContain("'auth0'");
    const idToken = await explain({ nonce: 'n', at_hash: 'h' }, { header: { typ: 'JWT' } });
    expect(idToken.problems[0]?.remedy).toContain('ID token');
    const changed = await explain(
      {},
      {
        change: (token) => {
          const [header = '', payload = '', signature = ''] = token.split('.');
          return `${header}.${encode({ ...decode(payload), sub: 'mallory' })}.${signature}`;
        },
      },
    );
    expect(changed.problems.map(({ check }) => check)).toEqual(['signature']);
  });

  test.each([
    ['a token with its scheme', (token: string) => `Bearer ${token}`, /without its scheme/],
    ['an opaque token', () => '8f14e45fceea167a5a36dedd4bea2543', /introspection/],
    ['an encrypted token', (token: string) => `${token}.x.y`, /JWE/],
    ['a token with a line break', (token: string) => `${token}\n`, /white space/],
    ['an empty text', () => '', /introspection/],
    ['no text', () => undefined, /as a string/],
  ])('%s', async (_, change, remedy) => {
    const { problems } = await explain({}, { change });
    expect(problems).toMatchObject([{ check: 'format', expected: undefined }]);
    expect(problems[0]?.remedy).toMatch(remedy);
  });

  test('the binding of the token', async () => {
    const dpop = { origin: 'https://api.example.test' };
    const bound = { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } };
    expect((await explainBinding(bound)).problems).toMatchObject([
      { check: 'cnf', found: 'a token for dpop' },
    ]);
    expect(await explainBinding(bound, { dpop })).toMatchObject({ accepted: true, proof: 'dpop' });
    expect((await explainBinding({}, { dpop, requireBinding: 'dpop' })).problems[0]?.check).toBe('cnf');
    const certificate = { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } };
    expect((await explainBinding(certificate)).problems).toMatchObject([{ found: 'a token for mtls' }]);
  });

  async function explainBinding(claims: object, options: Partial<AccessTokenVerifierOptions> = {}) {
    const { server, verifier } = await startVerifier(options);
    return verifier.explainToken(await server.mintAccessToken({ ...claims }));
  }

  test('an unavailable issuer', async () => {
    const { verifier, server } = await startVerifier({
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const { accepted, problems } = await verifier.explainToken(await server.mintAccessToken());
    expect({ accepted, check: problems[0]?.check }).toEqual({ accepted: false, check: 'network_error' });
  });
});

describe('the explanation', () => {
  test('contains no part of the token, and only the values of iss, aud, typ, alg and times', async () => {
    const secret = 'S3cretValueOfAClaim';
    const secretClaims = {
      sub: secret,
      client_id: secret,
      scope: secret,
      email: secret,
      jti: secret,
      acr: secret,
    };
    const explanations = [
      await explain(
        { ...secretClaims, aud: 'https://other.example.test' },
        { header: { typ: 'JWT', kid: secret } },
      ),
      await explain(
        { ...secretClaims, aud: undefined },
        { options: { audience: 'other', profile: 'cognito' } as never },
      ),
      await explain(secretClaims, {
        options: {
          profile: {
            name: 'own',
            relaxes: [],
            types: ['at+jwt'],
            required: [],
            reject: ({ sub }: { sub?: unknown }) => `The user ${sub} is not allowed`,
          },
        } as never,
      }),
      await explain(secretClaims, {
        options: {
          validate: ({ sub }: { sub: string }) => {
            throw new Error(`The user ${sub} is blocked`);
          },
        } as never,
      }),
      await explain({ ...secretClaims, nbf: secret, exp: secret }),
    ];
    for (const { accepted, problems, proof, text, token } of explanations) {
      expect(accepted).toBe(false);
      const output = JSON.stringify({ problems, proof, text });
      expect(output).not.toContain(secret);
      for (const part of token.split('.')) expect(output).not.toContain(part.slice(0, 24));
    }
  });

  test('shows a value of a hostile token as one short printable line', async () => {
    const { text, problems } = await explain({
      iss: `https://x.test/\n\u202e${'a'.repeat(5000)}`,
      aud: Array(40).fill('x'),
    });
    expect(text.length).toBeLessThan(2500);
    expect(problems[0]?.found).not.toMatch(/[\n\u202e]/);
  });

  test('is not available in production', async () => {
    const { server, verifier } = await startVerifier();
    const token = await server.mintAccessToken();
    stubNodeEnv('production');
    await expect(verifier.explainToken(token)).rejects.toMatchObject({ code: 'wrong_context' });
  });
});

describe('the event of a rejection', () => {
  test('contains the expected and the found value outside production, and the response does not', async () => {
    const { server, verifier, events } = await startVerifier();
    const token = await server.mintAccessToken({ aud: 'https://other.example.test' });
    const reject = () => verifier.verify(request(`Bearer ${token}`)).catch((caught: unknown) => caught);
    const error = await reject();
    expect(events.at(-1)).toMatchObject({
      check: 'aud',
      expected: `"${audience}"`,
      found: '"https://other.example.test"',
    });
    expect(JSON.stringify(error)).not.toContain('other.example.test');
    expect(JSON.stringify(error)).not.toContain(audience);
    stubNodeEnv('production');
    await reject();
    expect(Object.keys(events.at(-1) ?? {})).toEqual(['type', 'code', 'check']);
  });
});
