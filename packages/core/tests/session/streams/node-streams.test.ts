// @platforms node: the suite starts a Node server.
import { afterEach, expect, test } from 'vitest';
import {
  catchError,
  cleanups,
  createBarrier,
  setUp,
  wrongContext,
} from '../../support/session/node-server.ts';

afterEach(() => Promise.all(cleanups.splice(0).map((close) => close())));

test('S61: does not spend the refresh token in a stream, and the error names the remedy', async () => {
  const { handle, countRefreshes, useAfterSuccessorLifetime } = await setUp();
  const { text, result } = await handle(async ({ requestSession, res }) => {
    res.write('begun ');
    const errors = [
      await catchError(requestSession.getAccessToken()),
      await catchError(requestSession.getAccessToken({ forceRefresh: true })),
      await catchError(requestSession.update(() => ({ a: 1 }))),
    ];
    res.end('ended');
    return errors;
  });
  expect(text).toBe('begun ended');
  expect(result).toEqual([1, 2, 3].map(() => expect.objectContaining(wrongContext)));
  expect(String((result as unknown[])[0])).toContain('Call getAccessToken() before you return the response');
  expect(countRefreshes()).toBe(0);
  expect((await useAfterSuccessorLifetime()).accessToken).toBeTruthy();
});

test('S61: a waiting request does not spend the refresh token after its response was sent', async () => {
  const barrier = createBarrier();
  const { handle, countRefreshes, useAfterSuccessorLifetime } = await setUp({ beforeLock: barrier.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = catchError(requestSession.getAccessToken());
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    return pending;
  });
  expect(result).toMatchObject(wrongContext);
  expect(countRefreshes()).toBe(0);
  expect((await useAfterSuccessorLifetime()).accessToken).toBeTruthy();
});

test('S61: a waiting request receives a token within its leeway after its response was sent', async () => {
  const barrier = createBarrier();
  const { handle, countRefreshes } = await setUp({ beforeLock: barrier.pass, expiresIn: 10 });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = requestSession.getAccessToken();
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    return [await pending, await requestSession.getAccessToken()];
  });
  expect(result).toEqual([1, 2].map(() => expect.objectContaining({ accessToken: expect.any(String) })));
  expect(Object.keys((result as object[])[0] ?? {}).sort()).toEqual([
    'accessToken',
    'expiresAt',
    'scopes',
    'tokenType',
  ]);
  expect(countRefreshes()).toBe(0);
});

test('S61: a stream receives the token of a refresh by another request, and does not spend the refresh token', async () => {
  const { handle, sessions, cookie, countRefreshes } = await setUp();
  const { result, setCookie } = await handle(async ({ requestSession, save, res }) => {
    res.write('begun');
    const expired = await catchError(requestSession.getAccessToken());
    const { accessToken } = await (await sessions.open(cookie)).getAccessToken();
    const token = await requestSession.getAccessToken();
    const replaced = await catchError(requestSession.getAccessToken({ forceRefresh: true }));
    save();
    res.end();
    return [expired, token.accessToken === accessToken, replaced];
  });
  expect(result).toEqual([
    expect.objectContaining(wrongContext),
    true,
    expect.objectContaining(wrongContext),
  ]);
  expect(setCookie).toEqual([]);
  expect(countRefreshes()).toBe(1);
});

test('S61: keeps refreshed tokens for ten minutes if the application reports that the cookie was not set', async () => {
  const { sessions, cookie, countRefreshes, useAfterSuccessorLifetime } = await setUp();
  const requestSession = await sessions.open(cookie);
  await requestSession.retainTokens();
  const { accessToken } = await requestSession.getAccessToken();
  await requestSession.retainTokens();
  expect((await useAfterSuccessorLifetime()).accessToken).toBe(accessToken);
  expect(countRefreshes()).toBe(1);
});

test('S61: a request that waits for a refresh by a request with a sent response then refreshes, and sets the cookie', async () => {
  const barrier = createBarrier();
  const { handle, sessions, cookie, countRefreshes } = await setUp({ beforeLock: barrier.pass });
  const { result } = await handle(async ({ requestSession, res }) => {
    const pending = catchError(requestSession.getAccessToken());
    await barrier.reached;
    const other = await sessions.open(cookie);
    const otherToken = other.getAccessToken();
    res.end('not awaited');
    // The other request has joined the first one, which waits at the barrier.
    await new Promise(setImmediate);
    barrier.open();
    return [await pending, (await otherToken).accessToken, other.cookies.length];
  });
  expect(result).toEqual([expect.objectContaining(wrongContext), expect.any(String), 1]);
  expect(countRefreshes()).toBe(1);
});

test('S61: returns the new tokens for the previous cookie if the response was sent during the refresh', async () => {
  const barrier = createBarrier();
  const { handle, countRefreshes, useAfterSuccessorLifetime } = await setUp({ beforeToken: barrier.pass });
  const { setCookie, result } = await handle(async ({ requestSession, save, res }) => {
    const pending = requestSession.getAccessToken();
    await barrier.reached;
    res.end('not awaited');
    barrier.open();
    const { accessToken } = await pending;
    save();
    return accessToken;
  });
  expect(setCookie).toEqual([]);
  expect(countRefreshes()).toBe(1);
  expect((await useAfterSuccessorLifetime()).accessToken).toBe(result);
  expect(countRefreshes()).toBe(1);
});

test('S61: rejects a change whose cookie can no longer be set', async () => {
  const { handle } = await setUp();
  const { result } = await handle(async ({ requestSession, res }) =>
    catchError(
      requestSession.update(() => {
        res.end('sent');
        return { a: 1 };
      }),
    ),
  );
  expect(result).toMatchObject(wrongContext);
});
