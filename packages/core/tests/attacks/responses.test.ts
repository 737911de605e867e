import { describe, expect, test, vi } from 'vitest';
import { AuthError } from '../../src/index.ts';
import { createHarness, expectRejection } from '../support/client/harness.ts';

describe('C9: a client', () => {
  const repeated = { code: 'response_malformed', check: 'json' };
  const createResponse = (body: string, type = 'application/json') => ({
    status: 200,
    headers: { 'content-type': type },
    body,
  });

  test('C9: rejects an endless body at the size limit', async () => {
    const harness = await createHarness({ client: { maxResponseBytes: 2048 } });
    let sentBytes = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sentBytes += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    harness.server.fail('discovery', { status: 200, body: endless });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'response_malformed', check: 'size' });
    expect(sentBytes).toBeLessThan(10_000);
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });

  test('C9: rejects a stalled body, and a fetch that ignores its signal, after the timeout', async () => {
    const stalled = await createHarness({ client: { timeout: 30 } });
    stalled.server.fail('discovery', {
      status: 200,
      body: new ReadableStream({ pull: () => new Promise(() => {}) }),
    });
    await expect(stalled.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
    let signal: AbortSignal | null | undefined;
    const unresponsive = await createHarness({
      client: {
        timeout: 30,
        fetch: (_url, init) => {
          signal = init.signal;
          return new Promise(() => {});
        },
      },
    });
    await expect(unresponsive.logIn()).rejects.toMatchObject({ name: 'TransportError', code: 'timeout' });
    expect(signal?.reason).toMatchObject({ name: 'TransportError', code: 'timeout' });
  });

  test.each([
    ['repeated members', '{"access_token":"a","access_token":"b","token_type":"Bearer"}', 'application/json'],
    [
      'repeated members in a nested object',
      '{"access_token":"a","token_type":"Bearer","x":[{"a":1,"a":2}]}',
      'application/json',
    ],
    [
      'repeated members with different spellings',
      '{"token_type":"Bearer","access_token":"a","\\u0061ccess_token":"b"}',
      'application/json',
    ],
    [
      'repeated members with another content type',
      ' {"access_token":"a","access_token":"b","token_type":"Bearer"}',
      'text/plain',
    ],
    ['malformed JSON', '{"access_token":', 'application/json'],
    ['an array', '[]', 'application/json'],
    ['a number', '7', 'application/json'],
    ['null', 'null', 'application/json'],
    ['an empty body', '', 'application/json'],
    ['HTML', '<!doctype html>', 'text/html'],
    ['UTF-16', '\ufeff\u0000{', 'application/json'],
  ])('C9: rejects %s with a typed error', async (name, body, type) => {
    const harness = await createHarness();
    harness.server.fail('token', createResponse(body, type));
    const error = await harness.logIn().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ValidationError', ...(name.startsWith('repeated') && repeated) });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: rejects JSON that is not UTF-8', async () => {
    const harness = await createHarness();
    const bytes = Uint8Array.from('{"access_token":"\xff","token_type":"Bearer"}', (each) =>
      each.charCodeAt(0),
    );
    harness.server.fail('token', { ...createResponse(''), body: new Blob([bytes]).stream() });
    await expect(harness.logIn()).rejects.toMatchObject({
      code: 'response_malformed',
      check: 'json',
      message: expect.stringContaining('is not UTF-8'),
    });
  });

  test('C9: reads a long string and rejects deep nesting', async () => {
    const harness = await createHarness();
    const { logIn } = harness;
    harness.server.fail(
      'token',
      createResponse(`{"access_token":"${'a'.repeat(1_000_000)}","token_type":"Bearer"}`),
    );
    // The string is accepted. The rejection is due to the missing ID token.
    await expect(logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
    harness.server.fail('token', createResponse(`{"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
    harness.server.fail('token', createResponse(`{"x":"${'\\\\'.repeat(200_000)}"}`));
    await expect(logIn()).rejects.toBeInstanceOf(AuthError);
  });

  test.each([
    ['token_response_without_access_token', 'access_token'],
    ['token_response_without_token_type', 'token_type'],
    ['token_type_unknown', 'token_type'],
    ['token_type_dpop', 'token_type'],
    ['access_token_object', 'access_token'],
    ['expires_in_negative', 'expires_in'],
  ] as const)('C9: rejects %s', async (fault, check) => {
    const harness = await createHarness({ faults: [fault] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'token_response_invalid', check });
    expect(harness.stored).toBeUndefined();
  });

  test('C9: rejects a response without the requested ID token', async () => {
    const harness = await createHarness({ faults: ['token_response_without_id_token'] });
    await expect(harness.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'id_token' });
  });

  test('C9: changes no prototype for claims with the names of prototype members', async () => {
    const harness = await createHarness({ faults: ['id_token_prototype_claims'] });
    const { claims } = await harness.logIn();
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    expect((claims as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.keys(structuredClone(harness.stored?.claims) ?? {})).toContain('sub');
  });

  test('C9: rejects metadata with invalid URLs', async () => {
    for (const [fault, check] of [
      ['metadata_endpoint_script', 'authorization_endpoint'],
      ['metadata_endpoint_insecure', 'token_endpoint'],
      ['metadata_issuer_slash', 'issuer'],
      ['metadata_issuer_missing', 'issuer'],
    ] as const) {
      const harness = await createHarness({ faults: [fault] });
      const rejection = { error: 'ValidationError', code: 'metadata_invalid', check } as const;
      await expectRejection(harness, () => harness.logIn(), rejection, 'discovery');
    }
  });

  test('C9: rejects an invalid key set', async () => {
    const malformed = await createHarness({ faults: ['jwks_malformed'] });
    await expect(malformed.logIn()).rejects.toMatchObject({ code: 'keys_invalid', check: 'jwks' });
    const empty = await createHarness({ faults: ['jwks_empty'] });
    await expect(empty.logIn()).rejects.toMatchObject({ code: 'id_token_invalid', check: 'kid' });
  });
});
