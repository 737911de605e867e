import { afterEach, describe, expect, test } from 'vitest';
import type { RequestHook } from './request-hook.ts';
import type { LoggedRequest } from './request-log.ts';
import { type RunningProvider, startProvider } from './start.ts';
import { createTestClient } from './testing/test-client.ts';

let running: RunningProvider | undefined;
const log: LoggedRequest[] = [];
afterEach(() => running?.close());

/** A hook that acts on refreshes only. */
async function loginWith(onRefresh: RequestHook) {
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
  test('sees the form, and lets the provider read it still', async () => {
    const seen: string[] = [];
    const { client, refreshToken } = await loginWith(({ method, path, parameters }) => {
      seen.push(`${method} ${path} ${parameters.get('refresh_token')}`);
      return undefined;
    });
    expect((await client.refresh(refreshToken)).status).toBe(200);
    expect(seen).toEqual([`POST /token ${refreshToken}`]);
  });

  test('answers in place of the provider, which has not worked', async () => {
    let failing = true;
    const { client, refreshToken } = await loginWith(() =>
      failing ? { status: 503, headers: { 'retry-after': '7' }, body: { error: 'busy' } } : undefined,
    );
    const { status, headers, body } = await client.refresh(refreshToken);
    expect([status, headers.get('retry-after'), body]).toEqual([503, '7', { error: 'busy' }]);
    failing = false;
    expect((await client.refresh(refreshToken)).status).toBe(200);
  });

  test('loses an answer after the provider has worked', async () => {
    let losing = true;
    const { client, refreshToken } = await loginWith(async (_request, proceed) => {
      await proceed();
      return losing ? 'disconnect' : undefined;
    });
    await expect(client.refresh(refreshToken)).rejects.toThrow();
    expect(log.at(-1)).toMatchObject({ grant_type: 'refresh_token', status: 0 });
    losing = false;
    expect((await client.refresh(refreshToken)).body.error).toBe('invalid_grant');
  });
});
