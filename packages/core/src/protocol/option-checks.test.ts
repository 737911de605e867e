import { expect, test } from 'vitest';
import { checkOpenidScope, checkRange } from './option-checks.ts';

test('checkRange returns a value of the range and rejects any other', () => {
  const range = { min: 0, max: 300, unit: 'seconds' };
  for (const value of [0, 30, 300]) expect(checkRange('clockTolerance', value, range)).toBe(value);
  for (const value of [-1, 301, Number.NaN, Number.POSITIVE_INFINITY, '30']) {
    expect(() => checkRange('clockTolerance', value as number, range)).toThrow(
      `"clockTolerance" is ${value}, expected 0 to 300 seconds.`,
    );
  }
});

test('checkOpenidScope requires the scope token "openid"', () => {
  checkOpenidScope('profile openid');
  for (const scope of ['', 'profile', 'openid2', 'OpenID']) {
    expect(() => checkOpenidScope(scope)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  }
});
