import type { Fault } from '@countersign/testing';
import { describe, expect, test } from 'vitest';
import {
  createClient,
  createEndSessionUrl,
  validateFrontchannelLogout,
  validateLogoutToken,
} from '../../src/index.ts';
import { createHarness } from '../support/client/harness.ts';
import { record } from './run-row.ts';

const postLogoutRedirectUri = 'https://app.example.test/';

/** Logs in and out. Returns the logout token that the provider sends and the URL of its redirect. */
async function logOut(faults: readonly Fault[] = []) {
  const logoutTokens: string[] = [];
  const harness = await createHarness({
    server: {
      outgoingFetch: async (_, init) => {
        logoutTokens.push(new URLSearchParams(String(init.body)).get('logout_token') as string);
        return new Response();
      },
    },
    registration: {
      postLogoutRedirectUris: [postLogoutRedirectUri],
      backchannelLogoutUri: 'https://app.example.test/backchannel-logout',
    },
  });
  await harness.logIn();
  for (const fault of faults) harness.server.faults.add(fault);
  const url = (await createEndSessionUrl(harness.client, {
    idTokenHint: harness.stored?.idToken,
    postLogoutRedirectUri,
    state: 'a-state',
  })) as URL;
  const { url: redirect } = await harness.server.authorize(url);
  return { harness, url, redirect, logoutToken: logoutTokens[0] as string };
}

const createModuleName = (suffix: string) => `oidcc-client-test-rp-${suffix}`;

describe('Logout, section 2', () => {
  test(createModuleName('init-logout'), async ({ task }) => {
    const { harness, url, redirect } = await logOut();
    expect(url.searchParams.get('id_token_hint')).toBe(harness.stored?.idToken);
    expect(redirect.href).toBe(`${postLogoutRedirectUri}?state=a-state`);
    record(task, { id: 'L1', verdict: 'A', result: 'accepted' });
  });

  test(createModuleName('init-logout-other-state'), async ({ task }) => {
    const { redirect } = await logOut(['logout_state_invalid']);
    expect(redirect.searchParams.get('state')).not.toBe('a-state');
    record(task, { id: 'L2', verdict: 'A', result: 'accepted' });
  });

  test(createModuleName('init-logout-no-state'), async ({ task }) => {
    const { redirect } = await logOut(['logout_state_missing']);
    expect(redirect.searchParams.has('state')).toBe(false);
    record(task, { id: 'L3', verdict: 'A', result: 'accepted' });
  });

  test(createModuleName('backchannel-rpinitlogout'), async ({ task }) => {
    const { harness, logoutToken } = await logOut(['logout_token_extra_claim']);
    const claims = await validateLogoutToken(harness.client, logoutToken);
    expect(claims).toEqual({
      iss: harness.server.issuer,
      sub: 'alice',
      sid: harness.stored?.claims?.sid,
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: claims.iat + 120,
    });
    record(task, { id: 'L4', verdict: 'A', result: 'accepted' });
  });

  const rejections: readonly (readonly [id: string, suffix: string, fault: Fault, check: string])[] = [
    ['L5', 'alg-none', 'logout_token_alg_none', 'alg'],
    ['L6', 'no-event', 'logout_token_events_missing', 'events'],
    ['L7', 'with-nonce', 'logout_token_nonce_added', 'nonce'],
    ['L8', 'wrong-alg', 'logout_token_alg_other', 'alg'],
    ['L9', 'wrong-aud', 'logout_token_aud_invalid', 'aud'],
    ['L10', 'wrong-event', 'logout_token_events_other', 'events'],
    ['L11', 'wrong-iss', 'logout_token_iss_invalid', 'iss'],
  ];
  for (const [id, suffix, fault, check] of rejections) {
    test(createModuleName(`backchannel-rpinitlogout-${suffix}`), async ({ task }) => {
      const { harness, logoutToken } = await logOut([fault]);
      await expect(validateLogoutToken(harness.client, logoutToken)).rejects.toMatchObject({
        name: 'ValidationError',
        code: 'logout_token_invalid',
        check,
      });
      record(task, { id, verdict: 'R', result: 'rejected', code: `logout_token_invalid (${check})` });
    });
  }

  test(createModuleName('frontchannel-rpinitlogout'), async ({ task }) => {
    const { harness, redirect } = await logOut();
    const { issuer } = harness.server;
    const request = new URL(
      `https://app.example.test/frontchannel-logout?iss=${encodeURIComponent(issuer)}&sid=a-sid`,
    );
    expect(validateFrontchannelLogout(harness.client, request)).toEqual({ sid: 'a-sid' });
    expect(redirect.href).toContain(postLogoutRedirectUri);
    record(task, { id: 'L12', verdict: 'A', result: 'accepted' });
  });

  test(createModuleName('frontchannel-opinitlogout'), async ({ task }) => {
    const { client, server } = await createHarness();
    const { issuer } = server;
    expect(validateFrontchannelLogout(client, new URLSearchParams({ iss: issuer, sid: 's' }))).toEqual({
      sid: 's',
    });
    expect(validateFrontchannelLogout(client, new URLSearchParams())).toEqual({});
    record(task, { id: 'L13', verdict: 'A', result: 'accepted' });
  });
});

describe('logout tokens, in addition to the suite', () => {
  const furtherRejections: readonly (readonly [fault: Fault, check: string])[] = [
    ['logout_token_signature_invalid', 'signature'],
    ['logout_token_signature_missing', 'signature'],
    ['logout_token_key_foreign', 'signature'],
    ['logout_token_jwk_injected', 'signature'],
    ['logout_token_jku_injected', 'kid'],
    ['logout_token_alg_hs256_public_key', 'alg'],
    ['logout_token_crit_unknown', 'crit'],
    ['logout_token_member_repeated', 'format'],
    ['logout_token_typ_other', 'typ'],
    ['logout_token_exp_expired', 'exp'],
    ['logout_token_exp_missing', 'exp'],
    ['logout_token_iat_missing', 'iat'],
    ['logout_token_iat_future', 'iat'],
    ['logout_token_jti_missing', 'jti'],
    ['logout_token_aud_missing', 'aud'],
    ['logout_token_sub_and_sid_missing', 'sub'],
    ['logout_token_events_text', 'events'],
    ['logout_token_not_a_jwt', 'format'],
  ];
  for (const [fault, check] of furtherRejections) {
    test(`rejects ${fault} for its ${check}`, async () => {
      const { client, server } = await createHarness({ faults: [fault] });
      const logoutToken = await server.mintLogoutToken();
      await expect(validateLogoutToken(client, logoutToken)).rejects.toMatchObject({
        code: 'logout_token_invalid',
        check,
      });
    });
  }

  test('accepts logout_token_exp_missing until ten minutes after iat, with the option', async () => {
    const { client, server } = await createHarness({
      faults: ['logout_token_exp_missing'],
      client: { allowLogoutTokenWithoutExp: true },
    });
    server.clock.stop();
    const logoutToken = await server.mintLogoutToken();
    const { iat, exp } = await validateLogoutToken(client, logoutToken);
    expect(exp - iat).toBe(600);
    server.clock.advance(629);
    await validateLogoutToken(client, logoutToken);
    server.clock.advance(1);
    await expect(validateLogoutToken(client, logoutToken)).rejects.toMatchObject({ check: 'iat' });
  });

  test('rejects an ID token', async () => {
    const { client, server } = await createHarness();
    await expect(validateLogoutToken(client, await server.mintIdToken({ jti: 'x' }))).rejects.toMatchObject({
      check: 'events',
    });
  });

  test('distinguishes keys with one kid by their type', async () => {
    const { client, server } = await createHarness({ server: { decoyKeys: true } });
    await expect(validateLogoutToken(client, await server.mintLogoutToken())).resolves.toHaveProperty('jti');
  });

  test('accepts a logout token without kid that one of several keys has signed', async () => {
    const { client, server } = await createHarness({ faults: ['logout_token_kid_missing'] });
    await expect(validateLogoutToken(client, await server.mintLogoutToken())).resolves.toHaveProperty('jti');
    await server.rotateKeys({ keepOld: true });
    const secondClient = createClient({ ...client.options });
    await expect(validateLogoutToken(secondClient, await server.mintLogoutToken())).resolves.toHaveProperty(
      'jti',
    );
  });

  test('fetches the keys once for a logout token of a new key', async () => {
    const { client, server } = await createHarness();
    await validateLogoutToken(client, await server.mintLogoutToken());
    await server.rotateKeys();
    await validateLogoutToken(client, await server.mintLogoutToken());
    expect(server.requestsTo('jwks')).toHaveLength(2);
  });

  test('rejects a front-channel logout of another issuer or with missing parameters', async () => {
    const { client } = await createHarness();
    for (const [query, check] of [
      ['iss=https://attacker.example&sid=s', 'iss'],
      ['sid=s', 'sid'],
      ['iss=https://auth.example.test', 'sid'],
      ['iss=https://auth.example.test&sid=a&sid=b&iss=x', 'sid'],
    ]) {
      expect(() => validateFrontchannelLogout(client, new URLSearchParams(query))).toThrow(
        expect.objectContaining({ code: 'request_invalid', check }),
      );
    }
  });
});
