import { HttpContext, HttpRequest, HttpResponse } from '@angular/common/http';
import { LoginRequiredError, TransportError, ValidationError } from '@countersign/core/browser';
import { of, throwError } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  acceptOnly,
  api,
  base,
  get,
  post,
  type Respond,
  respondWithError,
} from '../../tests/support/fake-client.ts';
import { createHarness } from '../../tests/support/interceptor-harness.ts';
import { SEND_ACCESS_TOKEN } from './send-access-token.ts';

beforeEach(() => void vi.stubGlobal('document', { baseURI: base }));
afterEach(() => void vi.unstubAllGlobals());

test('B1: sends the token to a matching URL, and not to a URL that contains it', async () => {
  const { send, tokens } = createHarness([{ url: api }]);
  await send(get(api));
  await send(get('https://api.example.com.evil.test/items'));
  await send(get('https://evil.test/?a=https://api.example.com/items'));
  expect(tokens()).toEqual(['Bearer token-1', null, null]);
});

test('requests the token with the resource and scope of the entry', async () => {
  const { send, tokenRequests } = createHarness([{ url: api, resource: 'https://api', scope: 'items:read' }]);
  await send(get(api));
  expect(tokenRequests).toEqual([{ resource: 'https://api', scope: 'items:read', rejectedToken: undefined }]);
});

test('B2: sends no token without an allow-list, and warns once', async () => {
  const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { send, tokens, tokenRequests } = createHarness([]);
  await send(get(api));
  await send(get('/relative'));
  expect(tokens()).toEqual([null, null]);
  expect(tokenRequests).toEqual([]);
  expect(consoleError.mock.calls.flat().join()).toMatch(/apis: \[\{ url:/);
  expect(consoleError).toHaveBeenCalledTimes(1);
  consoleError.mockRestore();
});

test('B3: matches no relative URL on a server', async () => {
  vi.unstubAllGlobals();
  const { send, tokens } = createHarness([{ url: api }, { url: base }], { platform: 'server' });
  await send(get('/shop/items'));
  await send(get('//api.example.com/items'));
  expect(tokens()).toEqual([null, null]);
});

test('does not change an Authorization header of the application', async () => {
  const { send, tokens } = createHarness([{ url: api }]);
  await send(get(api).clone({ setHeaders: { authorization: 'Basic x' } }));
  expect(tokens()).toEqual(['Basic x']);
});

test('B6: refreshes once for concurrent rejections, and replays each request once', async () => {
  const { send, tokens, tokenRequests } = createHarness([{ url: api }]);
  const responses = await Promise.all(
    Array.from({ length: 10 }, () => send(get(api), acceptOnly('Bearer token-2'))),
  );
  expect(responses.map((response) => (response as HttpResponse<unknown>).status)).toEqual(
    Array(10).fill(200),
  );
  expect(tokens().filter((token) => token === 'Bearer token-2')).toHaveLength(10);
  expect(tokens().filter((token) => token === 'Bearer token-3')).toEqual([]);
  expect(tokenRequests).toHaveLength(20);
});

test('B6: replays a request once, and then returns the error', async () => {
  const { send, requests } = createHarness([{ url: api }]);
  await expect(send(get(api), acceptOnly('never'))).rejects.toMatchObject({ status: 401 });
  expect(requests).toHaveLength(2);
});

test('B28: returns the response of an API that rejects each token, without a replay', async () => {
  const { send, requests } = createHarness([{ url: api }], { refresh: () => {} });
  const rejection = send(get(api), acceptOnly('never'));
  await expect(rejection).rejects.toMatchObject({ name: 'HttpErrorResponse', status: 401 });
  expect(requests).toHaveLength(1);
});

test.each([{}, { optional: true }])(
  'B28: returns the response of the API if there is no other token (%o)',
  async (options) => {
    const { send, requests } = createHarness([{ url: api, ...options }], {
      refresh: () => {
        throw new LoginRequiredError('refresh_token_missing', 'There is no refresh token.');
      },
    });
    for (const challenge of ['', 'Bearer error="invalid_token"']) {
      const rejection = send(get(api), acceptOnly('never', challenge));
      await expect(rejection).rejects.toMatchObject({ name: 'HttpErrorResponse', status: 401 });
    }
    expect(requests).toHaveLength(2);
  },
);

test('B24: throws LoginRequiredError if the login has ended before the refresh of a rejected token', async () => {
  const { send } = createHarness([{ url: api }], {
    refresh: () => {
      throw new LoginRequiredError('session_ended', 'The login has ended.');
    },
  });
  await expect(send(get(api), acceptOnly('never'))).rejects.toMatchObject({ code: 'session_ended' });
});

test('B6: does not replay a stream, but replays other bodies', async () => {
  const { send, requests } = createHarness([{ url: api }]);
  await expect(send(post(api, new ReadableStream()), acceptOnly('Bearer token-2'))).rejects.toMatchObject({
    status: 401,
  });
  expect(requests).toHaveLength(1);
  await send(post(api, { title: 'x' }), acceptOnly('Bearer token-2'));
  expect(requests.at(-1)?.body).toEqual({ title: 'x' });
});

test('returns another error without a replay', async () => {
  const { send, requests } = createHarness([{ url: api }]);
  await expect(
    send(get(api), () => respondWithError('Bearer error="insufficient_scope"', 403)),
  ).rejects.toMatchObject({ status: 403 });
  await expect(
    send(get(api), () => respondWithError('Bearer error="invalid_request"')),
  ).rejects.toMatchObject({
    status: 401,
  });
  expect(requests).toHaveLength(2);
});

test('sends a request without a token only if the entry is optional', async () => {
  const optional = createHarness([{ url: api, optional: true }], { isSignedIn: false });
  await optional.send(get(api));
  expect(optional.tokens()).toEqual([null]);
  const strict = createHarness([{ url: api }], { isSignedIn: false });
  await expect(strict.send(get(api))).rejects.toMatchObject({ code: 'not_signed_in' });
  expect(strict.requests).toEqual([]);
});

test.each([
  ['no response', new TransportError('network_error', 'Failed.')],
  ['invalid metadata', new ValidationError('metadata_invalid', 'body', 'Invalid.')],
])(
  'sends a request of an optional entry without a token while the state is unknown: %s',
  async (_, error) => {
    const optional = createHarness([{ url: api, optional: true }], { stateError: error });
    await optional.send(get(api));
    expect(optional.tokens()).toEqual([null]);
    const strict = createHarness([{ url: api }], { stateError: error });
    await expect(strict.send(get(api))).rejects.toBe(error);
    expect(strict.requests).toEqual([]);
  },
);

test('sends the request once more with the DPoP nonce of the API', async () => {
  const { send, requests } = createHarness([{ url: api }], { dpop: true });
  const respond: Respond = ({ headers }) =>
    headers.get('dpop') === 'proof n1'
      ? of(new HttpResponse({ status: 200 }))
      : respondWithError('DPoP error="use_dpop_nonce"', 401, { 'dpop-nonce': 'n1' });
  await send(get(api), respond);
  expect(requests.map(({ headers }) => headers.get('dpop'))).toEqual(['proof undefined', 'proof n1']);
  expect(requests.at(-1)?.headers.get('authorization')).toBe('DPoP token-1');
});

test('starts one login per minute for a challenge if the entry has stepUp', async () => {
  const storage = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => void storage.set(name, value),
  });
  const challenge = 'Bearer error="insufficient_user_authentication", acr_values="high higher", max_age=0';
  const withStepUp = createHarness([{ url: api, stepUp: true }]);
  for (let times = 0; times < 3; times++) {
    await expect(withStepUp.send(get(api), () => respondWithError(challenge))).rejects.toMatchObject({
      status: 401,
    });
  }
  expect(withStepUp.stepUps).toEqual([{ acrValues: ['high', 'higher'], maxAge: 0 }]);
  await expect(
    withStepUp.send(get(api), () =>
      respondWithError('Bearer error="insufficient_scope", scope="items:write"', 403),
    ),
  ).rejects.toMatchObject({ status: 403 });
  expect(withStepUp.stepUps.at(-1)).toMatchObject({ scope: expect.stringContaining('items:write') });
  const withoutStepUp = createHarness([{ url: api }]);
  await expect(withoutStepUp.send(get(api), () => respondWithError(challenge))).rejects.toMatchObject({
    status: 401,
  });
  expect(withoutStepUp.stepUps).toEqual([]);
});

test('does not change an error that is not a response of the API', async () => {
  const { send } = createHarness([{ url: api }], { dpop: true });
  const innerError = new Error('an inner interceptor');
  await expect(send(get(api), () => throwError(() => innerError))).rejects.toBe(innerError);
});

test('returns the error of the API if the step-up login fails', async () => {
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
  const login = () => Promise.reject(new Error('the provider is unavailable'));
  const { send, stepUps } = createHarness([{ url: api, stepUp: true }], { login });
  const challenge = 'Bearer error="insufficient_scope", scope="x"';
  await expect(send(get(api), () => respondWithError(challenge, 403))).rejects.toMatchObject({ status: 403 });
  expect(stepUps).toHaveLength(1);
});

test('replays a request in an environment without ReadableStream', async () => {
  vi.stubGlobal('ReadableStream', undefined);
  const { send, requests } = createHarness([{ url: api }]);
  await send(get(api), acceptOnly('Bearer token-2'));
  expect(requests).toHaveLength(2);
});

test('sends no token if the context of the request excludes it', async () => {
  const { send, tokens, tokenRequests } = createHarness([{ url: api }]);
  await send(
    new HttpRequest<unknown>('GET', api, { context: new HttpContext().set(SEND_ACCESS_TOKEN, false) }),
  );
  await send(get(api));
  expect(tokens()).toEqual([null, 'Bearer token-1']);
  expect(tokenRequests).toHaveLength(1);
});

test('returns each error of an inner interceptor with DPoP', async () => {
  const { send } = createHarness([{ url: api }], { dpop: true });
  for (const error of [new Error('inner'), 'text', undefined, null, { status: 401 }, { headers: {} }])
    await expect(send(get(api), () => throwError(() => error))).rejects.toBe(error);
});
