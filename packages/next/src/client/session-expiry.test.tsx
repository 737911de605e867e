import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import { AuthProvider, type ClientSession, SessionExpiry, useSession } from './index.tsx';
import { fillMessages, formatTime } from './session-expiry-messages.ts';
import { fetchSnapshot, getSecondsUntil } from './session-snapshot.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const session: ClientSession = {
  user: { iss: 'https://op.example', sub: 'alice' },
  scopes: [],
  createdAt: 0,
  expiresAt: 1_000,
  endsAt: 2_000,
  data: {},
};

const ExpiresIn = () => String(useSession().expiresIn);

const respond = (body: unknown, init?: ResponseInit) =>
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(body), init));

test.each([0, -3_600, 7_200])(
  'computes the remaining time by the clock of the server, if it is ahead by %i s',
  async (offset) => {
    vi.useFakeTimers({ now: 500_000 });
    respond({ session, now: 500 + offset });
    const { clockOffset, status } = await fetchSnapshot('/auth/session');
    expect(status).toBe('signed-in');
    expect(getSecondsUntil(500 + offset + 90, clockOffset)).toBe(90);
    vi.advanceTimersByTime(30_000);
    expect(getSecondsUntil(500 + offset + 90, clockOffset)).toBe(60);
    vi.advanceTimersByTime(90_000);
    expect(getSecondsUntil(500 + offset + 90, clockOffset)).toBe(0);
  },
);

test.each([
  [{ session: null }, 'signed-out'],
  [{}, 'signed-out'],
  [{ session: { user: 5 }, now: 'x' }, 'signed-out'],
  [{ session }, 'signed-in'],
] as const)('reads the response %j', async (body, status) => {
  respond(body);
  expect((await fetchSnapshot('/auth/session')).status).toBe(status);
});

test('an unavailable server does not count as a logout', async () => {
  respond({}, { status: 503 });
  await expect(fetchSnapshot('/auth/session')).rejects.toThrow('503');
});

test('renders a closed dialog without the current time, so that a page can be rendered in advance', () => {
  vi.spyOn(Date, 'now').mockImplementation(() => {
    throw new Error('Date.now() while a page is rendered');
  });
  const html = renderToStaticMarkup(
    <AuthProvider session={session}>
      <ExpiresIn />
      <SessionExpiry className="x" />
    </AuthProvider>,
  );
  vi.restoreAllMocks();
  expect(html).toMatch(/^undefined<dialog [^>]*class="x" [^>]*role="alertdialog"><\/dialog>$/);
  expect(html).not.toContain(' open');
});

test('formats minutes and seconds', () => {
  expect([0, 9, 60, 90, 3_600].map(formatTime)).toEqual(['0:00', '0:09', '1:00', '1:30', '60:00']);
});

test('a text that is undefined has its default', () => {
  const { stay, logOut, warningText } = fillMessages({ stay: undefined, logOut: 'Abmelden' });
  expect([stay, logOut]).toEqual(['Stay signed in', 'Abmelden']);
  expect(warningText).toContain('{time}');
  expect(fillMessages(undefined).close).toBe('Close');
});
