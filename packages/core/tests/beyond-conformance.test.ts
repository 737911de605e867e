import type { Lie } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  type AuthEvent,
  clientSecretBasic,
  createAuthorizationRequest,
  createClient,
  discover,
  exchangeCode,
  fetchUserinfo,
  validateAuthorizationResponse,
} from '../src/index.ts';
import { createHarness, expectRefusal } from './conformance/harness.ts';

/** What the OpenID Foundation's suites do not try on a code-flow client. */
describe('ID tokens', () => {
  const refused: readonly (readonly [lie: Lie, check: string, after?: 'token' | 'jwks'])[] = [
    ['id_token_exp_text', 'exp'],
    ['id_token_nbf_future', 'nbf'],
    ['id_token_iat_future', 'iat', 'jwks'],
    ['id_token_azp_other', 'azp'],
    ['id_token_azp_foreign', 'azp', 'jwks'],
    ['id_token_sub_number', 'sub'],
    ['id_token_at_hash_invalid', 'at_hash', 'jwks'],
    ['id_token_jwk_injected', 'signature', 'jwks'],
    ['id_token_jku_injected', 'kid', 'jwks'],
    ['id_token_key_foreign', 'signature', 'jwks'],
    ['id_token_kid_unknown', 'kid', 'jwks'],
    ['id_token_alg_hs256_public_key', 'alg'],
    ['id_token_crit_unknown', 'crit'],
    ['id_token_member_repeated', 'json', 'jwks'],
    ['id_token_typ_other', 'typ', 'jwks'],
    ['id_token_signature_missing', 'signature', 'jwks'],
  ];
  for (const [lie, check, after = 'token'] of refused) {
    test(`${lie} is refused for its ${check}`, async () => {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, after);
    });
  }

  test('a sub must have 1 to 255 characters', async () => {
    for (const sub of ['', 'a'.repeat(256)]) {
      const harness = await createHarness({ server: { users: [{ sub }] } });
      await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'sub' });
    }
  });

  test('a text that is no JWT is refused', async () => {
    const harness = await createHarness({ lies: ['id_token_not_a_jwt'] });
    await expect(harness.logIn()).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'id_token_invalid',
    });
  });

  test('auth_time is required and held against max_age', async () => {
    for (const lie of ['id_token_auth_time_missing', 'id_token_auth_time_old'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'auth_time' } as const;
      await expectRefusal(harness, () => harness.logIn({ maxAge: 60 }), refusal, 'token');
    }
  });

  test('acr must be one of those that were asked for', async () => {
    for (const lie of ['id_token_acr_missing', 'id_token_acr_other'] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'id_token_invalid', check: 'acr' } as const;
      await expectRefusal(harness, () => harness.logIn({ acrValues: ['gold'] }), refusal, 'jwks');
    }
  });

  test('clocks may differ by the tolerance and no more', async () => {
    const at = async (offset: number, clockTolerance: number) => {
      const harness = await createHarness();
      const { server } = harness;
      server.clock.stop();
      const client = createClient({
        ...harness.client.options,
        clientAuthentication: clientSecretBasic('web-secret'),
        clockTolerance,
        now: () => server.clock.now() + offset * 1000,
      });
      const { url, transaction } = await createAuthorizationRequest(client);
      const { parameters } = await server.authorize(url);
      return exchangeCode(
        client,
        await validateAuthorizationResponse(client, parameters, transaction),
        transaction,
      );
    };
    await expect(at(329, 30)).resolves.toBeDefined();
    await expect(at(330, 30)).rejects.toMatchObject({ check: 'exp' });
    await expect(at(-30, 30)).resolves.toBeDefined();
    await expect(at(-31, 30)).rejects.toMatchObject({ check: 'iat' });
    await expect(at(300, 0)).rejects.toMatchObject({ check: 'exp' });
  });

  test('HMAC and none cannot even be registered', () => {
    for (const alg of ['none', 'HS256', 'HS512', 'rs256', '']) {
      expect(() =>
        createClient({ issuer: 'https://auth.example.test', clientId: 'web', idTokenSignedResponseAlg: alg }),
      ).toThrow(expect.objectContaining({ name: 'ConfigurationError', code: 'invalid_option' }));
    }
  });

  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'Ed25519', 'RS512'] as const) {
    test(`${alg} is verified, at_hash included`, async () => {
      const harness = await createHarness({
        registration: { idTokenSignedResponseAlg: alg },
        client: { idTokenSignedResponseAlg: alg },
      });
      expect((await harness.logIn()).claims).toHaveProperty('at_hash');
    });
  }
});

describe('error answers', () => {
  test.each(['access_denied', 'login_required', 'consent_required', 'interaction_required', 'server_error'])(
    '%s is a typed error, and no token is asked for',
    async (error) => {
      const harness = await createHarness();
      harness.server.answerNext({ error, errorDescription: 'Line\u0000one\nline two \u202e' });
      const refused = await harness.logIn().catch((thrown: unknown) => thrown);
      expect(refused).toMatchObject({ name: 'AuthorizationServerError', code: 'authorization_error', error });
      expect((refused as { errorDescription: string }).errorDescription).toBe('Line one line two  ');
      expect(harness.calls().at(-1)).toBe('authorization');
    },
  );

  test('a code that is used twice is refused the second time, and ends what it yielded', async () => {
    const harness = await createHarness();
    const { client, server } = harness;
    const { url, transaction } = await createAuthorizationRequest(client);
    const { parameters } = await server.authorize(url);
    const response = await validateAuthorizationResponse(client, parameters, transaction);
    const { accessToken } = await exchangeCode(client, response, transaction);
    await expect(exchangeCode(client, response, transaction)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(fetchUserinfo(client, accessToken, 'alice')).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'endpoint_error',
      error: 'invalid_token',
      status: 401,
    });
  });

  test('an answer to a code that was lost is not asked for again: the code is spent', async () => {
    const harness = await createHarness();
    harness.server.fail('token', { lose: true });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'network_error' });
    expect(harness.server.requestsTo('token')).toHaveLength(1);
  });
});

describe('keys', () => {
  test('keys with one kid are told apart by kind, curve and alg', async () => {
    for (const alg of ['RS256', 'ES256']) {
      const harness = await createHarness({
        server: { decoyKeys: true },
        registration: { idTokenSignedResponseAlg: alg },
        client: { idTokenSignedResponseAlg: alg },
      });
      await harness.logIn();
      expect(harness.userinfo).toMatchObject({ sub: 'alice' });
    }
  });

  test('a flood of tokens with unknown keys causes one fetch in ten seconds', async () => {
    const harness = await createHarness();
    harness.server.clock.stop();
    await harness.logIn();
    harness.server.lies.add('id_token_kid_unknown');
    await Promise.all(Array.from({ length: 10 }, () => harness.logIn().catch(() => undefined)));
    for (let attempt = 0; attempt < 10; attempt++) await harness.logIn().catch(() => undefined);
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    harness.server.lies.clear();
    await harness.logIn();
    expect(harness.server.requestsTo('jwks')).toHaveLength(2);
    harness.server.clock.advance(11);
    harness.server.lies.add('id_token_kid_unknown');
    await harness.logIn().catch(() => undefined);
    expect(harness.server.requestsTo('jwks')).toHaveLength(3);
  });

  test('an outage of the key endpoint does not end logins for a day', async () => {
    const events: AuthEvent[] = [];
    const harness = await createHarness({ client: { retries: 0, onEvent: (event) => events.push(event) } });
    harness.server.clock.stop();
    await harness.logIn();
    harness.server.fail('jwks', { status: 503, times: 100 });
    harness.server.clock.advance(3000);
    await harness.logIn();
    expect(events).toContainEqual({
      type: 'keys.failed',
      issuer: harness.server.issuer,
      code: 'server_error',
    });
    harness.server.clock.advance(86_400);
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'server_error' });
  });
});

describe('metadata', () => {
  test('is fetched once for everybody, again after an hour, and survives an outage', async () => {
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.clock.stop();
    await Promise.all(Array.from({ length: 10 }, () => discover(client)));
    expect(server.requestsTo('discovery')).toHaveLength(1);
    server.clock.advance(3601);
    await discover(client);
    expect(server.requestsTo('discovery')).toHaveLength(2);
    server.fail('discovery', { status: 503, times: 100 });
    server.clock.advance(3601);
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
    server.clock.advance(3600);
    await expect(discover(client)).rejects.toMatchObject({ code: 'server_error' });
  });

  test('a failure is not kept, and a passing one is not even seen', async () => {
    const patient = await createHarness();
    patient.server.fail('discovery', { status: 503, times: 2 });
    await expect(discover(patient.client)).resolves.toMatchObject({ issuer: patient.server.issuer });
    expect(patient.server.requestsTo('discovery')).toHaveLength(3);
    const { client, server } = await createHarness({ client: { retries: 0 } });
    server.fail('discovery', { network: true });
    await expect(discover(client)).rejects.toMatchObject({ code: 'network_error' });
    await expect(discover(client)).resolves.toMatchObject({ issuer: server.issuer });
  });

  test('a server that says when to come back is not asked before', async () => {
    const { client, server } = await createHarness();
    server.fail('discovery', { status: 503, headers: { 'retry-after': '30' } });
    await expect(discover(client)).rejects.toMatchObject({ code: 'server_error', retryAfter: 30 });
    expect(server.requestsTo('discovery')).toHaveLength(1);
  });

  test('of RFC 8414 is found where that places it', async () => {
    const issuer = 'https://auth.example.test/tenant/one';
    const { client, server } = await createHarness({
      server: { issuer },
      client: { issuer, discovery: 'oauth' },
    });
    await discover(client);
    expect(server.requests[0]?.path).toBe('/.well-known/oauth-authorization-server/tenant/one');
  });

  test('given by hand costs no request, and must be of the issuer', async () => {
    const { server } = await createHarness();
    const metadata = server.metadata as { issuer: string };
    const client = createClient({ issuer: server.issuer, clientId: 'web', metadata, fetch: server.fetch });
    await discover(client);
    expect(server.requests).toHaveLength(0);
    expect(() => createClient({ issuer: 'https://other.example', clientId: 'web', metadata })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });
});

describe('user-agent', () => {
  test('names the library, or what the application says', async () => {
    const plain = await createHarness();
    await plain.logIn();
    expect(plain.server.requestsTo('token')[0]?.headers['user-agent']).toBe('countersign');
    const named = await createHarness({ client: { userAgent: 'reports/2.1' } });
    await named.logIn();
    expect(named.server.requestsTo('userinfo')[0]?.headers['user-agent']).toBe('reports/2.1');
    expect(named.server.requestsTo('jwks')[0]?.headers['user-agent']).toBe('reports/2.1');
  });
});

describe('userinfo', () => {
  test.each([
    ['userinfo_signature_invalid', 'signature'],
    ['userinfo_key_foreign', 'signature'],
    ['userinfo_iss_invalid', 'iss'],
    ['userinfo_aud_invalid', 'aud'],
    ['userinfo_alg_none', 'alg'],
    ['userinfo_alg_other', 'alg'],
    ['userinfo_sub_invalid', 'sub'],
  ] as const)('signed: %s is refused for its %s', async (lie, check) => {
    const harness = await createHarness({
      registration: { userinfoSignedResponseAlg: 'RS256' },
      client: { userinfoSignedResponseAlg: 'RS256' },
      lies: [lie],
    });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid', check });
    expect(harness.userinfo).toBeUndefined();
  });

  test('an unsigned answer is refused where a signed one is registered', async () => {
    const harness = await createHarness({ client: { userinfoSignedResponseAlg: 'RS256' } });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'userinfo_invalid' });
  });

  test('distributed claims are left readable', async () => {
    const harness = await createHarness({ lies: ['userinfo_distributed_claims'] });
    await harness.logIn();
    expect(harness.userinfo?._claim_names).toEqual({ credit_score: 'src1' });
  });
});
