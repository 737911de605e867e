import { afterEach, expect, test, vi } from 'vitest';
import { fetchSnapshot } from './session-snapshot.ts';

afterEach(() => vi.unstubAllGlobals());

const respond = (body: string, status = 200) =>
  vi.stubGlobal('fetch', async () => new Response(body, { status }));

test.each([503, 500, 429, 404, 403, 401])('does not take status %d for signed out', async (status) => {
  respond('{"session":null}', status);
  await expect(fetchSnapshot('/auth/session')).rejects.toThrow(`/auth/session returned status ${status}.`);
});

test('reads the session of a user, and that there is none', async () => {
  respond('{"session":{"user":{"iss":"https://op.example","sub":"alice"}}}');
  expect(await fetchSnapshot('/auth/session')).toMatchObject({ status: 'signed-in' });
  respond('{"session":null}');
  expect(await fetchSnapshot('/auth/session')).toMatchObject({ status: 'signed-out' });
});
