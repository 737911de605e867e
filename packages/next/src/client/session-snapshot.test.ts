import { afterEach, expect, test, vi } from 'vitest';
import { fetchSnapshot } from './session-snapshot.ts';

afterEach(() => vi.unstubAllGlobals());

const respond = (body: string, status = 200) =>
  vi.stubGlobal('fetch', async () => new Response(body, { status }));

test.each([503, 500, 429, 404, 403, 401])('does not treat status %d as signed out', async (status) => {
  respond('{"session":null}', status);
  await expect(fetchSnapshot('/auth/session')).rejects.toThrow(`/auth/session returned status ${status}.`);
});

test('reads a session and a missing session', async () => {
  respond('{"session":{"user":{"iss":"https://op.example","sub":"alice"}}}');
  expect(await fetchSnapshot('/auth/session')).toMatchObject({ status: 'signed-in' });
  respond('{"session":null}');
  expect(await fetchSnapshot('/auth/session')).toMatchObject({ status: 'signed-out' });
});

test.each([
  ['a slow response does not change a known offset', { clock: [1_000, 1_035], now: 1_000, known: 0 }, 0],
  [
    'a response with a late server time does not change a known offset',
    { clock: [1_000, 1_035], now: 1_035, known: 0 },
    0,
  ],
  ['an impossible offset is replaced', { clock: [1_000, 1_002], now: 4_601, known: 0 }, 3_600],
  ['a possible offset is kept', { clock: [1_000, 1_040], now: 4_601, known: 3_599 }, 3_599],
])('%s', async (_, { clock, now, known }, expected) => {
  const times = [...clock];
  vi.spyOn(Date, 'now').mockImplementation(() => (times.shift() ?? 0) * 1000);
  respond(JSON.stringify({ session: { user: { iss: 'https://op.example', sub: 'alice' } }, now }));
  expect(await fetchSnapshot('/auth/session', known)).toMatchObject({ clockOffset: expected });
  vi.restoreAllMocks();
});
