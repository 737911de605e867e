// @platforms node, edge: the suite replaces the listeners of the window, which a browser does not allow.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TransportError } from '../../errors.ts';
import { createRefreshPauses, type RefreshPause } from './refresh-pauses.ts';

const hour = 3_600_000;
let time: number;
const networkError = new TransportError('network_error', '');

beforeEach(() => {
  time = Date.UTC(2026, 0, 1);
  const target = new EventTarget();
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('dispatchEvent', target.dispatchEvent.bind(target));
});
afterEach(() => void vi.unstubAllGlobals());

test.each([
  ['server_error', 86_400, 300],
  ['server_error', 299, 299],
  ['network_error', 86_400, 300],
  ['timeout', 86_400, 300],
  ['rate_limited', 86_400, 3_600],
  ['rate_limited', 3_599, 3_599],
] as const)(
  'C5: a pause after %s with Retry-After %d ends after %d seconds',
  (code, retryAfter, expected) => {
    const pauses = createRefreshPauses(() => time);
    const pause = pauses.create({}, new TransportError(code, '', { retryAfter })) as RefreshPause;
    expect(pauses.find({ pause })).toMatchObject({ code, retryAfter: expected });
    time += expected * 1000 - 1;
    expect(pauses.find({ pause })).toMatchObject({ code, retryAfter: 1 });
    time += 1;
    expect(pauses.find({ pause })).toBeUndefined();
  },
);

test('a return of the network before the clock was set back does not end a pause', () => {
  const pauses = createRefreshPauses(() => time);
  const first = pauses.create({}, networkError) as RefreshPause;
  time += hour;
  dispatchEvent(new Event('online'));
  time -= hour;
  const second = pauses.create({ pause: first }, networkError) as RefreshPause;
  expect(pauses.find({ pause: second })).toMatchObject({ code: 'network_error', retryAfter: 2 });
  time += 500;
  dispatchEvent(new Event('online'));
  expect(pauses.find({ pause: second })).toBeUndefined();
});
