import { describe, expect, test } from 'vitest';
import { createHarness } from '../../../tests/support/client/harness.ts';
import {
  type DeviceAuthorization,
  pollDeviceAuthorization,
  requestDeviceAuthorization,
} from '../../index.ts';

describe('device authorization', () => {
  test('polls with the required interval, slows down after slow_down, and returns validated tokens', async () => {
    const { client, server } = await createHarness();
    server.clock.stop();
    const device = await requestDeviceAuthorization(client, { scope: 'openid offline_access' });
    expect(device).toMatchObject({ interval: 5, scopes: ['openid', 'offline_access'] });
    expect(device.verificationUriComplete).toContain(device.userCode);
    const waits: number[] = [];
    const intervals = [1, 5];
    const tokens = await pollDeviceAuthorization(client, device, {
      wait: async (milliseconds) => {
        waits.push(milliseconds / 1000);
        if (waits.length === 3) server.fail('token', { network: true });
        if (waits.length === 4) server.answerDevice(device.userCode, { sub: 'alice' });
        // The second poll is too early.
        server.clock.advance(intervals[waits.length - 1] === 5 ? 1 : milliseconds / 1000);
      },
    });
    expect(waits).toEqual([5, 5, 10, 20]);
    expect(tokens).toMatchObject({ claims: { sub: 'alice' }, refreshToken: expect.any(String) });
  });

  test.each([
    ['denied', 'access_denied'],
    ['ignored', 'expired_token'],
  ])('fails with the error of a login that the user %s: %s', async (outcome, error) => {
    const { client, server } = await createHarness();
    server.clock.stop();
    const device = await requestDeviceAuthorization(client);
    if (outcome === 'denied') server.answerDevice(device.userCode, 'denied');
    const wait = async (milliseconds: number) => server.clock.advance(milliseconds / 1000);
    await expect(pollDeviceAuthorization(client, device, { wait })).rejects.toMatchObject({
      name: 'AuthorizationServerError',
      code: 'token_error',
      error,
    });
  });

  test('C2: validates the ID token of a device login, including its signature', async () => {
    for (const [fault, check] of [
      ['id_token_signature_invalid', 'signature'],
      ['id_token_aud_invalid', 'aud'],
      ['id_token_at_hash_invalid', 'at_hash'],
    ] as const) {
      const { client, server } = await createHarness({ faults: [fault] });
      const device = await requestDeviceAuthorization(client, { scope: 'openid' });
      server.answerDevice(device.userCode, { sub: 'alice' });
      const wait = async () => {};
      await expect(pollDeviceAuthorization(client, device, { wait })).rejects.toMatchObject({
        code: 'id_token_invalid',
        check,
      });
    }
  });

  test('RFC 7636: proves with the code verifier that it has requested the device code', async () => {
    const { client, server } = await createHarness();
    const device = await requestDeviceAuthorization(client, { scope: 'openid' });
    server.answerDevice(device.userCode, { sub: 'alice' });
    const { codeVerifier, ...stolenDevice } = device;
    const poll = (login: DeviceAuthorization) =>
      pollDeviceAuthorization(client, login, { wait: async () => {} });
    for (const login of [stolenDevice, { ...device, codeVerifier: 'x'.repeat(43) }])
      await expect(poll(login)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(await poll(device)).toMatchObject({ claims: { sub: 'alice' } });
    const [request] = server.requestsTo('device_authorization');
    expect(request?.body).toMatchObject({ code_challenge_method: 'S256', scope: 'openid' });
    expect(JSON.stringify(request)).not.toContain(codeVerifier);
  });

  test('sends no code challenge to a provider that supports other PKCE methods only', async () => {
    const { client, server } = await createHarness({ faults: ['metadata_plain_pkce'] });
    expect(await requestDeviceAuthorization(client)).not.toHaveProperty('codeVerifier');
    expect(server.requestsTo('device_authorization')[0]?.body).not.toHaveProperty('code_challenge');
  });

  test('RFC 8707: names the requested resource in the token request too', async () => {
    const { client, server } = await createHarness();
    const resource = 'https://api.example.test';
    const device = await requestDeviceAuthorization(client, { scope: 'openid', resource });
    server.answerDevice(device.userCode, { sub: 'alice' });
    await pollDeviceAuthorization(client, device, { wait: async () => {} });
    expect(server.requestsTo('token').map(({ body }) => body.resource)).toEqual([resource]);
  });

  test('limits the interval to one day and to the lifetime of the device code', async () => {
    const { client, server } = await createHarness();
    server.clock.stop();
    const device = { ...(await requestDeviceAuthorization(client)), interval: 1e9 };
    const waits: number[] = [];
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds / 1000);
      server.clock.advance(milliseconds / 1000);
    };
    const lifetime = device.expiresAt - Math.floor(server.clock.now() / 1000);
    await expect(pollDeviceAuthorization(client, device, { wait })).rejects.toMatchObject({
      error: 'expired_token',
    });
    expect(waits).toEqual([lifetime]);
    const endless = { ...device, expiresAt: 1e300 };
    const controller = new AbortController();
    await expect(
      pollDeviceAuthorization(client, endless, {
        signal: controller.signal,
        wait: async (milliseconds) => {
          waits.push(milliseconds / 1000);
          controller.abort(new Error('enough'));
        },
      }),
    ).rejects.toThrow('enough');
    expect(waits).toEqual([lifetime, 86_400]);
  });

  test('stops when the signal is aborted', async () => {
    const { client, server } = await createHarness();
    const device = await requestDeviceAuthorization(client);
    const controller = new AbortController();
    const polling = pollDeviceAuthorization(client, device, { signal: controller.signal });
    controller.abort(new Error('closed'));
    await expect(polling).rejects.toThrow('closed');
    expect(server.requestsTo('token')).toHaveLength(0);
  });

  test.each(['verification_uri', 'verification_uri_complete'])(
    'rejects a %s that is not an http or https URL',
    async (member) => {
      const { client, server } = await createHarness();
      server.fail('device_authorization', {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          device_code: 'd',
          user_code: 'u',
          verification_uri: 'https://auth.example.test/device',
          expires_in: 600,
          [member]: 'javascript:alert(1)',
        }),
      });
      await expect(requestDeviceAuthorization(client)).rejects.toMatchObject({
        code: 'response_malformed',
        check: 'verification_uri',
      });
    },
  );
});
