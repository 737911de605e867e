import { afterEach, describe, expect, test } from 'vitest';
import { type RunningProvider, startProvider } from '../start.ts';
import { createTestClient } from '../testing/test-client.ts';
import type { RequestHook } from './request-hook.ts';
import type { LoggedRequest } from './request-log.ts';

let running: RunningProvider | undefined;
const log: LoggedRequest[] = [];
afterEach(() => running?.close());

/** Logs in at a provider whose hook handles refresh requests only. */
async function logInWithHook(onRefresh: RequestHook) {
  log.length = 0;
  running = await startProvider({
    requestLog: (request) => log.push(request),
    onRequest: (request, proceed) =>
      request.parameters.get('grant_type') === 'refresh_token' ? onRefresh(request, proceed) : undefined,
  });
  const client = createTestClient(running);
  const { body } = await client.login();
  return { client, refreshToken: body.refresh_token as string };
}

describe('a request hook', () => {
  test('reads the form without consuming it', async () => {
    const requests: string[] = [];
    const { client, refreshToken } = await logInWithHook(({ method, path, parameters }) => {
      requests.push(`${method} ${path} ${parameters.get('refresh_token')}`);
      return undefined;
    });
    expect((await client.refresh(refreshToken)).status).toBe(200);
    expect(requests).toEqual([`POST /token ${refreshToken}`]);
  });

  test('responds before the provider handles the request', async () => {
    let failing = true;
    const { client, refreshToken } = await logInWithHook(() =>
      failing ? { status: 503, headers: { 'retry-after': '7' }, body: { error: 'busy' } } : undefined,
    );
    const { status, headers, body } = await client.refresh(refreshToken);
    expect([status, headers.get('retry-after'), body]).toEqual([503, '7', { error: 'busy' }]);
    failing = false;
    expect((await client.refresh(refreshToken)).status).toBe(200);
  });

  test('closes the connection after the provider handled the request', async () => {
    let disconnecting = true;
    const { client, refreshToken } = await logInWithHook(async (_request, proceed) => {
      await proceed();
      return disconnecting ? 'disconnect' : undefined;
    });
    await expect(client.refresh(refreshToken)).rejects.toThrow();
    expect(log.at(-1)).toMatchObject({ grant_type: 'refresh_token', status: 0 });
    disconnecting = false;
    expect((await client.refresh(refreshToken)).body.error).toBe('invalid_grant');
  });
});
