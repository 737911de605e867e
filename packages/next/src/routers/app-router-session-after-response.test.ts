import { expect, test, vi } from 'vitest';
import { api, baseUrl, setUpLogin } from '../../tests/support/app.ts';
import { runInNext } from '../../tests/support/run-in-next.ts';

test('S61: spends no refresh token after a handler has returned its response', async () => {
  const { server, auth, cookie } = await setUpLogin();
  server.clock.advance(3_610);
  const handlers = {
    open: async (stream: () => Promise<unknown>) => ({ running: stream() }),
    protected: async (stream: () => Promise<unknown>) => {
      let running: Promise<unknown> | undefined;
      await auth.protected.handler(async () => {
        running = stream();
        return new Response('started');
      })(new Request(baseUrl, { headers: { cookie } }), {});
      return { running };
    },
  };
  const calls: Record<string, () => Promise<unknown>> = {
    getAccessToken: () => auth.getAccessToken(),
    updateSession: () => auth.updateSession((data) => ({ ...data, a: 1 })),
    fetch: () => auth.fetch(`${api}/items`),
  };
  for (const [kind, handler] of Object.entries(handlers)) {
    for (const [name, call] of Object.entries(calls)) {
      let startStream = () => {};
      const streamStart = new Promise<void>((resolve) => {
        startStream = resolve;
      });
      const { result, set } = await runInNext({ cookie, phase: 'action' }, () =>
        handler(() => streamStart.then(call)),
      );
      startStream();
      await expect(result.running, `${kind}, ${name}`).rejects.toMatchObject({
        code: 'wrong_context',
        message: expect.stringMatching(/before (you return the response|the response is returned)/),
      });
      expect(set).toEqual([]);
    }
  }
  expect(server.requestsTo('token')).toHaveLength(1);
});

test.each(['action', 'no-cookies'] as const)(
  'S61: spends no refresh token after an action or handler has ended, although the phase stays the same: %s',
  async (end) => {
    const { server, auth, cookie } = await setUpLogin();
    server.clock.advance(3_610);
    const calls: (() => Promise<unknown>)[] = [
      () => auth.getAccessToken(),
      () => auth.updateSession((data) => ({ ...data, a: 1 })),
      () => auth.fetch(`${api}/items`),
    ];
    for (const call of calls) {
      let resume = () => {};
      const waiting = new Promise<void>((resolve) => {
        resume = resolve;
      });
      const { result, set } = await runInNext({ cookie, phase: 'action', end }, async () => {
        const late = waiting.then(call);
        return { late: await Promise.race([{ late }, late]) };
      });
      resume();
      await expect((result.late as { late: Promise<unknown> }).late).rejects.toMatchObject({
        code: 'wrong_context',
      });
      expect(set).toEqual([]);
    }
    expect(server.requestsTo('token')).toHaveLength(1);
  },
);

test('S61: after an action has ended, returns a token within its leeway, or the token that another request received', async () => {
  const { server, auth, cookie } = await setUpLogin();
  const getLate = async () => {
    let resume = () => {};
    const waiting = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const { result } = await runInNext({ cookie, phase: 'action', end: 'action' }, async () => ({
      late: waiting.then(() => auth.getAccessToken()),
    }));
    resume();
    return result.late;
  };
  server.clock.advance(3_590);
  const first = await getLate();
  expect(server.requestsTo('token')).toHaveLength(1);
  server.clock.advance(20);
  await expect(getLate()).rejects.toMatchObject({ code: 'wrong_context' });
  const { result: refreshed } = await runInNext({ cookie, phase: 'action' }, () => auth.getAccessToken());
  expect(refreshed.accessToken).not.toBe(first.accessToken);
  expect(await getLate()).toEqual(refreshed);
  expect(server.requestsTo('token')).toHaveLength(2);
});

test('S61: keeps the new tokens for the next request if Next sends the response without cookies', async () => {
  const lifetimes: number[] = [];
  const stored = new Map<string, string>();
  const successors = {
    get: async (key: string) => stored.get(key),
    set: async (key: string, value: string, timeToLive: number) => {
      lifetimes.push(timeToLive);
      stored.set(key, value);
    },
  };
  for (const [result, wanted] of [
    [new Response('ok'), [30_000]],
    [new Response(null, { status: 404 }), [30_000, 600_000]],
    [new Error('of the application'), [30_000, 600_000]],
  ] as const) {
    const { server, auth, cookie } = await setUpLogin({ refresh: { successors } });
    server.clock.advance(3_610);
    lifetimes.length = 0;
    const isSuccess = result instanceof Response && result.ok;
    await runInNext({ cookie, phase: 'action', ...(!isSuccess && { end: 'no-cookies' }) }, async () => {
      await auth.getAccessToken();
      if (result instanceof Error) throw result;
      return result;
    }).catch(() => {});
    await vi.waitFor(() => expect(lifetimes).toEqual(wanted));
  }
});

test('S61: outside a request, as in a stream that is read later, throws an error with the remedy', async () => {
  const { auth } = await setUpLogin();
  for (const call of [
    () => auth.getSession(),
    () => auth.getAccessToken(),
    () => auth.updateSession((data) => data),
    () => auth.fetch(`${api}/items`),
  ])
    await expect(call()).rejects.toMatchObject({
      code: 'wrong_context',
      message: expect.stringContaining('before you return the response'),
    });
});
