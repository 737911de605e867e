import { describe, expect, test, vi } from 'vitest';
import { AuthError } from '../../src/index.ts';
import { createHarness, expectRefusal } from '../conformance/harness.ts';

describe('C9: what a provider may send', () => {
  const repeated = { code: 'response_malformed', check: 'json' };
  const answer = (body: string, type = 'application/json') => ({
    status: 200,
    headers: { 'content-type': type },
    body,
  });

  test('C9: a body without end is cut off', async () => {
    const harness = await createHarness({ client: { maxResponseBytes: 2048 } });
    let sent = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    harness.server.fail('discovery', { status: 200, body: endless });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'response_malformed', check: 'size' });
    expect(sent).toBeLessThan(10_000);
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });

  test('C9: a body that stalls, and a fetch that ignores its signal, end with a time-out', async () => {
    const stalled = await createHarness({ client: { timeout: 30 } });
    stalled.server.fail('discovery', {
      status: 200,
      body: new ReadableStream({ pull: () => new Promise(() => {}) }),
    });
    await expect(stalled.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
    let signal: AbortSignal | null | undefined;
    const deaf = await createHarness({
      client: {
        timeout: 30,
        fetch: (_url, init) => {
          signal = init.signal;
          return new Promise(() => {});
        },
      },
    });
    await expect(deaf.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
    expect(signal?.reason).toMatchObject({ name: 'TransportError', code: 'timeout' });
  });

  test.each([
    ['repeated members', '{"access_token":"a","access_token":"b","token_type":"Bearer"}', 'application/json'],
    [
      'repeated members, deep',
      '{"access_token":"a","token_type":"Bearer","x":[{"a":1,"a":2}]}',
      'application/json',
    ],
    [
      'repeated members, spelt differently',
      '{"token_type":"Bearer","access_token":"a","\\u0061ccess_token":"b"}',
      'application/json',
    ],
    [
      'repeated members under another type',
      ' {"access_token":"a","access_token":"b","token_type":"Bearer"}',
      'text/plain',
    ],
    ['malformed JSON', '{"access_token":', 'application/json'],
    ['an array', '[]', 'application/json'],
    ['a number', '7', 'application/json'],
    ['null', 'null', 'application/json'],
    ['nothing', '', 'application/json'],
    ['HTML', '<!doctype html>', 'text/html'],
    ['UTF-16', '\ufeff\u0000{', 'application/json'],
  ])('C9: %s are refused with a typed error', async (name, body, type) => {
    const harness = await createHarness();
    harness.server.fail('token', answer(body, type));
    const refused = await harness.logIn().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'ValidationError', ...(name.startsWith('repeated') && repeated) });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: a long string and deep nesting are read without harm', async () => {
    const harness = await createHarness();
    const { logIn } = harness;
    harness.server.fail('token', answer(`{"access_token":"${'a'.repeat(1_000_000)}","token_type":"Bearer"}`));
    // It was read: only the ID token is missed.
    await expect(logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
    harness.server.fail('token', answer(`{"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
    harness.server.fail('token', answer(`{"x":"${'\\\\'.repeat(200_000)}"}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
  });

  test.each([
    ['token_response_without_access_token', 'access_token'],
    ['token_response_without_token_type', 'token_type'],
    ['token_type_unknown', 'token_type'],
    ['token_type_dpop', 'token_type'],
    ['access_token_object', 'access_token'],
    ['refresh_token_empty', 'refresh_token'],
    ['expires_in_negative', 'expires_in'],
    ['scope_list', 'scope'],
  ] as const)('C9: %s is refused', async (lie, check) => {
    const harness = await createHarness({ lies: [lie] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'token_response_invalid', check });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: no ID token where one was asked for is refused', async () => {
    const harness = await createHarness({ lies: ['token_response_without_id_token'] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
  });

  test('C9: claims named like members of every object change nothing', async () => {
    const harness = await createHarness({ lies: ['id_token_prototype_claims'] });
    const { claims } = await harness.logIn();
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    expect((claims as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.keys(structuredClone(harness.stored?.claims) ?? {})).toContain('sub');
  });

  test('C9: metadata that points elsewhere than the web is refused', async () => {
    for (const [lie, check] of [
      ['metadata_endpoint_script', 'authorization_endpoint'],
      ['metadata_endpoint_insecure', 'token_endpoint'],
      ['metadata_issuer_slash', 'issuer'],
      ['metadata_issuer_missing', 'issuer'],
    ] as const) {
      const harness = await createHarness({ lies: [lie] });
      const refusal = { error: 'ValidationError', code: 'metadata_invalid', check } as const;
      await expectRefusal(harness, () => harness.logIn(), refusal, 'discovery');
    }
  });

  test('C9: keys that are no key set are refused', async () => {
    const malformed = await createHarness({ lies: ['jwks_malformed'] });
    await expect(malformed.logIn()).rejects.toMatchObject({ code: 'keys_invalid', check: 'jwks' });
    const empty = await createHarness({ lies: ['jwks_empty'] });
    await expect(empty.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'kid' });
  });
});
