import { expect, test } from 'vitest';
import { api, setUpLogin } from './support/app.ts';
import { runRoute } from './support/run-route.ts';

// A handler without wrapper or proxy returns its response before the work that it has started uses the session.

const url = 'https://app.example.test/api/item';

type Auth = Awaited<ReturnType<typeof setUpLogin>>['auth'];

const calls: readonly [string, (auth: Auth) => Promise<unknown>][] = [
  ['getSession', (auth) => auth.getSession()],
  ['getAccessToken', (auth) => auth.getAccessToken()],
  ['fetch', (auth) => auth.fetch(`${api}/items`)],
  ['requireSession', (auth) => auth.requireSession()],
];

/** Streams the result of a call, or the code of its error. */
async function write(stream: WritableStream<Uint8Array>, call: () => Promise<unknown>): Promise<void> {
  const writer = stream.getWriter();
  const text = await call().then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

const read = async (response: Response) => [
  await response.text(),
  response.headers.get('cache-control'),
  response.headers.get('vary'),
];

test.each(calls)('S62: the response is private if its stream begins with %s()', async (_, call) => {
  const { auth, cookie } = await setUpLogin();
  const transform = await runRoute(
    async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      void write(writable, () => call(auth));
      return new Response(readable);
    },
    url,
    { cookie },
  );
  expect(await read(transform)).toEqual(['done', 'private, no-store', 'Cookie']);
  const source = await runRoute(
    async () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            await call(auth);
            controller.enqueue(new TextEncoder().encode('done'));
            controller.close();
          },
        }),
      ),
    url,
    { cookie },
  );
  expect(await read(source)).toEqual(['done', 'private, no-store', 'Cookie']);
});

/** Runs a handler whose stream makes a call after the response was returned. */
async function runLate(headers: Record<string, string>, cookie: string, call: () => Promise<unknown>) {
  let open = () => {};
  const returned = new Promise<void>((resolve) => {
    open = resolve;
  });
  const response = await runRoute(
    async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      void write(writable, () => returned.then(call));
      return new Response(readable, { headers });
    },
    url,
    { cookie },
  );
  open();
  return response.text();
}

test.each(calls)('S62: a stream cannot use the session for the first time with %s()', async (_, call) => {
  const { auth, cookie } = await setUpLogin();
  expect(await runLate({}, cookie, () => call(auth))).toBe('shared_cache');
  expect(await runLate({ 'cache-control': 'max-age=60' }, cookie, () => call(auth))).toBe('shared_cache');
  expect(await runLate({ 'cache-control': 'private' }, cookie, () => call(auth))).toBe('done');
  for (const value of ['max-age=0, No-Store', 'no-cache, no-transform'])
    expect(await runLate({ 'cache-control': value }, cookie, () => call(auth))).toBe('done');
});

test.each(calls)('S3: %s() in a handler records the use of the session', async (_, call) => {
  const { server, auth, cookie } = await setUpLogin({ idleLifetime: 7_200 });
  const handle = async () => {
    await call(auth);
    return new Response('done');
  };
  const unused = await runRoute(handle, url, { cookie });
  expect(unused.headers.getSetCookie()).toEqual([]);
  server.clock.advance(3_000);
  const used = await runRoute(handle, url, { cookie });
  expect(used.headers.getSetCookie()).toHaveLength(1);
});

test.each([
  ['getAccessToken', (auth: Auth) => auth.getAccessToken()],
  ['fetch', (auth: Auth) => auth.fetch(`${api}/items`)],
] as const)('S3: %s() sends one request if the refresh fails, and throws its error', async (_, call) => {
  for (const [fault, code] of [
    ['end', 'session_ended'],
    ['outage', 'server_error'],
  ] as const) {
    const { server, auth, cookie } = await setUpLogin({ idleLifetime: 7_200, retries: 0 });
    server.clock.advance(3_700);
    if (fault === 'end') server.endGrants();
    else server.fail('token', { status: 503, times: 9 });
    const before = server.requestsTo('token').length;
    await expect(
      runRoute(async () => Response.json(await call(auth)), url, { cookie }),
    ).rejects.toMatchObject({ code });
    expect(server.requestsTo('token')).toHaveLength(before + 1);
  }
});
