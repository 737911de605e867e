import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { api, base, get, post, type Respond, respondWithError } from '../../tests/support/fake-client.ts';
import { createProvidedClient } from '../../tests/support/provided-client.ts';

beforeEach(() => void vi.stubGlobal('document', { baseURI: base }));
afterEach(() => void vi.unstubAllGlobals());

describe('after a change of the user', () => {
  /** Responds with an error after an action. */
  const rejectAfter =
    (act: () => void, status = 401, challenge = 'Bearer error="invalid_token"'): Respond =>
    () => {
      act();
      return respondWithError(challenge, status);
    };

  test('B24: does not replay a rejected request', async () => {
    const { send, tokens, switchUser } = createProvidedClient([{ url: api }]);
    const response = send(
      post(api, { amount: 1 }),
      rejectAfter(() => switchUser('bob')),
    );
    await expect(response).rejects.toMatchObject({ name: 'LoginRequiredError', code: 'session_ended' });
    expect(tokens()).toEqual(['Bearer token-1']);
  });

  test('B24: does not replay a request with a DPoP nonce', async () => {
    const { send, requests, switchUser } = createProvidedClient([{ url: api }], { dpop: true });
    const response = send(post(api, { amount: 1 }), () => {
      switchUser('bob');
      return respondWithError('DPoP error="use_dpop_nonce"', 401, { 'dpop-nonce': 'n1' });
    });
    await expect(response).rejects.toMatchObject({ code: 'session_ended' });
    expect(requests).toHaveLength(1);
  });

  test('B24: does not replay an optional request without a token', async () => {
    const { send, tokens, switchUser } = createProvidedClient([{ url: api, optional: true }]);
    const response = send(
      post(api, { amount: 1 }),
      rejectAfter(() => switchUser('bob')),
    );
    await expect(response).rejects.toMatchObject({ code: 'session_ended' });
    expect(tokens()).toEqual(['Bearer token-1']);
  });

  test('B24: fails a request that started before the change', async () => {
    const { send, requests, switchUser } = createProvidedClient([{ url: api }]);
    await send(get(api));
    const response = send(get(api));
    switchUser('bob');
    await expect(response).rejects.toMatchObject({ code: 'session_ended' });
    expect(requests).toHaveLength(1);
  });

  test('B24: starts no step-up login of another user', async () => {
    const { send, stepUps, switchUser } = createProvidedClient([{ url: api, stepUp: true }]);
    const challenge = 'Bearer error="insufficient_scope", scope="x"';
    const response = send(
      get(api),
      rejectAfter(() => switchUser('bob'), 403, challenge),
    );
    await expect(response).rejects.toMatchObject({ status: 403 });
    expect(stepUps).toEqual([]);
  });
});
