import { HttpErrorResponse, HttpHeaders, HttpRequest, HttpResponse } from '@angular/common/http';
import { Injector, PLATFORM_ID, runInInjectionContext } from '@angular/core';
import {
  type BrowserAuth,
  type IdTokenClaims,
  type LoginHolder,
  LoginRequiredError,
} from '@countersign/core/browser';
import { firstValueFrom, type Observable, of, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AuthHandle, createAuth } from '../auth.ts';
import { type ApiEntry, parseAllowList } from '../config/allow-list.ts';
import { AUTH_CLIENTS } from '../inject-auth.ts';
import { authInterceptor } from './auth-interceptor.ts';

const base = 'https://app.example/';
const api = 'https://api.example.com/items';

beforeEach(() => void vi.stubGlobal('document', { baseURI: base }));
afterEach(() => void vi.unstubAllGlobals());

type Answer = (request: HttpRequest<unknown>) => Observable<HttpResponse<unknown>>;

/** A client whose token is the serial number of its refreshes; a refused token is refreshed once, as in core. */
function createHarness(
  apis: readonly ApiEntry[],
  options: { signedIn?: boolean; platform?: string; dpop?: boolean; login?: () => Promise<void> } = {},
) {
  const { signedIn = true, platform = 'browser', dpop = false, login } = options;
  let current = 1;
  let holder = { iss: 'https://login.example', sub: 'alice', login: '1' };
  const listeners: (() => void)[] = [];
  let nonce: string | undefined;
  const asked: unknown[] = [];
  const steps: unknown[] = [];
  const browser = {
    snapshot: () => (signedIn ? { status: 'signed-in', holder } : { status: 'signed-out' }),
    subscribe: (listener: () => void) => void listeners.push(listener),
    getAccessToken: async ({ holder: begunWith, ...wanted }: { refused?: string; holder?: LoginHolder }) => {
      asked.push(wanted);
      if (begunWith && begunWith.sub !== holder.sub) throw new LoginRequiredError('session_ended', 'Ended.');
      if (!signedIn) throw new LoginRequiredError('not_signed_in', 'Nobody is signed in.');
      if (wanted.refused === `token-${current}`) current++;
      return { accessToken: `token-${current}`, tokenType: dpop ? 'DPoP' : 'Bearer', scopes: [], holder };
    },
    authorize: async (_request: unknown, token: { accessToken: string; tokenType: string }) => ({
      authorization: `${token.tokenType} ${token.accessToken}`,
      ...(dpop && { dpop: `proof ${nonce}` }),
    }),
    rememberNonce: async (_url: string, headers: HttpHeaders) => {
      const told = headers.get('dpop-nonce') ?? undefined;
      const isNew = dpop && told !== undefined && told !== nonce;
      nonce = told ?? nonce;
      return isNew;
    },
    login: async (wanted: unknown) => {
      steps.push(wanted);
      await login?.();
    },
  } as unknown as BrowserAuth;
  const auth: AuthHandle = createAuth('default', Promise.resolve(browser));
  const parsed = parseAllowList(apis, base);
  const injector = Injector.create({
    providers: [
      { provide: PLATFORM_ID, useValue: platform },
      { provide: AUTH_CLIENTS, useValue: { auth, apis: () => parsed }, multi: true },
    ],
  });
  const sent: HttpRequest<unknown>[] = [];
  const send = (request: HttpRequest<unknown>, answer: Answer = () => of(new HttpResponse())) =>
    firstValueFrom(
      runInInjectionContext(injector, () =>
        authInterceptor(request, (given) => {
          sent.push(given);
          return answer(given);
        }),
      ),
    );
  const switchUser = (sub: string) => {
    holder = { ...holder, sub, login: '2' };
    for (const listener of listeners) listener();
  };
  const tokens = () => sent.map(({ headers }) => headers.get('authorization'));
  return { send, sent, tokens, asked, steps, switchUser };
}

const get = (url: string) => new HttpRequest<unknown>('GET', url);
const post = (url: string, body: unknown) => new HttpRequest<unknown>('POST', url, body);

const unauthorized = (challenge: string, status = 401, headers: Record<string, string> = {}) =>
  throwError(
    () =>
      new HttpErrorResponse({
        status,
        headers: new HttpHeaders({ ...headers, ...(challenge && { 'www-authenticate': challenge }) }),
      }),
  );

const acceptOnly =
  (token: string, challenge = 'Bearer error="invalid_token"'): Answer =>
  ({ headers }) =>
    headers.get('authorization') === token ? of(new HttpResponse({ status: 200 })) : unauthorized(challenge);

test('B1: a covered request gets the token, a look-alike does not', async () => {
  const { send, tokens } = createHarness([{ url: api }]);
  await send(get(api));
  await send(get('https://api.example.com.evil.test/items'));
  await send(get('https://evil.test/?a=https://api.example.com/items'));
  expect(tokens()).toEqual(['Bearer token-1', null, null]);
});

test('an entry decides resource and scope of the token', async () => {
  const { send, asked } = createHarness([{ url: api, resource: 'https://api', scope: 'items:read' }]);
  await send(get(api));
  expect(asked).toEqual([{ resource: 'https://api', scope: 'items:read', refused: undefined }]);
});

test('B2: without an allow-list no request gets the token, and the developer is told once', async () => {
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { send, tokens, asked } = createHarness([]);
  await send(get(api));
  await send(get('/relative'));
  expect(tokens()).toEqual([null, null]);
  expect(asked).toEqual([]);
  expect(complain.mock.calls.flat().join()).toMatch(/apis: \[\{ url:/);
  expect(complain).toHaveBeenCalledTimes(1);
  complain.mockRestore();
});

test('B3: on a server a path is covered by no entry, whatever the request says of its host', async () => {
  vi.unstubAllGlobals();
  const { send, tokens } = createHarness([{ url: api }, { url: base }], { platform: 'server' });
  await send(get('/shop/items'));
  await send(get('//api.example.com/items'));
  expect(tokens()).toEqual([null, null]);
});

test('an authorization that the application has set itself is left as it is', async () => {
  const { send, tokens } = createHarness([{ url: api }]);
  await send(get(api).clone({ setHeaders: { authorization: 'Basic x' } }));
  expect(tokens()).toEqual(['Basic x']);
});

test('B6: many parallel refusals make one refresh, and one replay each', async () => {
  const { send, tokens, asked } = createHarness([{ url: api }]);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => send(get(api), acceptOnly('Bearer token-2'))),
  );
  expect(answers.map((answer) => (answer as HttpResponse<unknown>).status)).toEqual(Array(10).fill(200));
  expect(tokens().filter((token) => token === 'Bearer token-2')).toHaveLength(10);
  expect(tokens().filter((token) => token === 'Bearer token-3')).toEqual([]);
  expect(asked).toHaveLength(20);
});

test('B6: a request is replayed once only, and then the refusal is handed on', async () => {
  const { send, sent } = createHarness([{ url: api }]);
  await expect(send(get(api), acceptOnly('never'))).rejects.toMatchObject({ status: 401 });
  expect(sent).toHaveLength(2);
});

test('B6: a body that can be read once only is not sent again; any other is', async () => {
  const { send, sent } = createHarness([{ url: api }]);
  await expect(send(post(api, new ReadableStream()), acceptOnly('Bearer token-2'))).rejects.toMatchObject({
    status: 401,
  });
  expect(sent).toHaveLength(1);
  await send(post(api, { title: 'x' }), acceptOnly('Bearer token-2'));
  expect(sent.at(-1)?.body).toEqual({ title: 'x' });
});

test('a refusal for another reason is handed on at once', async () => {
  const { send, sent } = createHarness([{ url: api }]);
  await expect(
    send(get(api), () => unauthorized('Bearer error="insufficient_scope"', 403)),
  ).rejects.toMatchObject({ status: 403 });
  await expect(send(get(api), () => unauthorized('Bearer error="invalid_request"'))).rejects.toMatchObject({
    status: 401,
  });
  expect(sent).toHaveLength(2);
});

test('a guest call goes out without a token where the entry allows it, and fails where not', async () => {
  const optional = createHarness([{ url: api, optional: true }], { signedIn: false });
  await optional.send(get(api));
  expect(optional.tokens()).toEqual([null]);
  const strict = createHarness([{ url: api }], { signedIn: false });
  await expect(strict.send(get(api))).rejects.toMatchObject({ code: 'not_signed_in' });
  expect(strict.sent).toEqual([]);
});

test('an API that wants its nonce in the proof gets it in one further try', async () => {
  const { send, sent } = createHarness([{ url: api }], { dpop: true });
  const answer: Answer = ({ headers }) =>
    headers.get('dpop') === 'proof n1'
      ? of(new HttpResponse({ status: 200 }))
      : unauthorized('DPoP error="use_dpop_nonce"', 401, { 'dpop-nonce': 'n1' });
  await send(get(api), answer);
  expect(sent.map(({ headers }) => headers.get('dpop'))).toEqual(['proof undefined', 'proof n1']);
  expect(sent.at(-1)?.headers.get('authorization')).toBe('DPoP token-1');
});

test('step-up: where it is wanted, a challenge for more sends the user to log in, once a minute', async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
  });
  const challenge = 'Bearer error="insufficient_user_authentication", acr_values="high higher", max_age=0';
  const eager = createHarness([{ url: api, stepUp: true }]);
  for (let times = 0; times < 3; times++) {
    await expect(eager.send(get(api), () => unauthorized(challenge))).rejects.toMatchObject({ status: 401 });
  }
  expect(eager.steps).toEqual([{ acrValues: ['high', 'higher'], maxAge: 0 }]);
  await expect(
    eager.send(get(api), () => unauthorized('Bearer error="insufficient_scope", scope="items:write"', 403)),
  ).rejects.toMatchObject({ status: 403 });
  expect(eager.steps.at(-1)).toMatchObject({ scope: expect.stringContaining('items:write') });
  const calm = createHarness([{ url: api }]);
  await expect(calm.send(get(api), () => unauthorized(challenge))).rejects.toMatchObject({ status: 401 });
  expect(calm.steps).toEqual([]);
});

describe('a user switch', () => {
  /** The user switches while the API refuses the token. */
  const refuseAnd =
    (act: () => void, status = 401, challenge = 'Bearer error="invalid_token"'): Answer =>
    () => {
      act();
      return unauthorized(challenge, status);
    };

  test('B24: a rejected request is not sent again once another user is signed in', async () => {
    const { send, tokens, switchUser } = createHarness([{ url: api }]);
    const answer = send(
      post(api, { amount: 1 }),
      refuseAnd(() => switchUser('bob')),
    );
    await expect(answer).rejects.toMatchObject({ name: 'LoginRequiredError', code: 'session_ended' });
    expect(tokens()).toEqual(['Bearer token-1']);
  });

  test('B24: nor with a nonce that the API wants in the proof', async () => {
    const { send, sent, switchUser } = createHarness([{ url: api }], { dpop: true });
    const answer = send(post(api, { amount: 1 }), () => {
      switchUser('bob');
      return unauthorized('DPoP error="use_dpop_nonce"', 401, { 'dpop-nonce': 'n1' });
    });
    await expect(answer).rejects.toMatchObject({ code: 'session_ended' });
    expect(sent).toHaveLength(1);
  });

  test('B24: nor as a guest, where the entry allows guests', async () => {
    const { send, tokens, switchUser } = createHarness([{ url: api, optional: true }]);
    const answer = send(
      post(api, { amount: 1 }),
      refuseAnd(() => switchUser('bob')),
    );
    await expect(answer).rejects.toMatchObject({ code: 'session_ended' });
    expect(tokens()).toEqual(['Bearer token-1']);
  });

  test('B24: a request belongs to the user who is shown when it begins, not when its token is asked for', async () => {
    const { send, sent, switchUser } = createHarness([{ url: api }]);
    await send(get(api));
    const answer = send(get(api));
    switchUser('bob');
    await expect(answer).rejects.toMatchObject({ code: 'session_ended' });
    expect(sent).toHaveLength(1);
  });

  test('B24: what an API asks of one user is not asked of another', async () => {
    const { send, steps, switchUser } = createHarness([{ url: api, stepUp: true }]);
    const challenge = 'Bearer error="insufficient_scope", scope="x"';
    const answer = send(
      get(api),
      refuseAnd(() => switchUser('bob'), 403, challenge),
    );
    await expect(answer).rejects.toMatchObject({ status: 403 });
    expect(steps).toEqual([]);
  });
});

test('B24: until the login is known, a request belongs to the user whom a server has rendered', async () => {
  const claims = { sub: 'alice' } as IdTokenClaims;
  const rendered = createAuth('default', new Promise<BrowserAuth>(() => {}), {
    status: 'signed-in',
    claims,
  });
  expect(rendered.holder()).toEqual({ sub: 'alice' });
  expect(createAuth('default', new Promise<BrowserAuth>(() => {})).holder()).toBeUndefined();
});

test('an error that is no answer of the API is handed on as it is', async () => {
  const { send } = createHarness([{ url: api }], { dpop: true });
  const broken = new Error('an inner interceptor');
  await expect(send(get(api), () => throwError(() => broken))).rejects.toBe(broken);
});

test('a step-up that cannot leave for the login leaves the answer as it is, and no rejection behind', async () => {
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => {} });
  const login = () => Promise.reject(new Error('the provider is down'));
  const { send, steps } = createHarness([{ url: api, stepUp: true }], { login });
  const challenge = 'Bearer error="insufficient_scope", scope="x"';
  await expect(send(get(api), () => unauthorized(challenge, 403))).rejects.toMatchObject({ status: 403 });
  expect(steps).toHaveLength(1);
});

test('without ReadableStream, as in some test environments, a rejected request is sent again', async () => {
  vi.stubGlobal('ReadableStream', undefined);
  const { send, sent } = createHarness([{ url: api }]);
  await send(get(api), acceptOnly('Bearer token-2'));
  expect(sent).toHaveLength(2);
});
