import { describe, expect, test } from 'vitest';
import type { VerifiedAccessToken } from './claims/verified-access-token.ts';
import { type AccessRequirements, checkRequirements } from './requirements.ts';

const now = 1_800_000_000;

function check(requirements: unknown, claims: object) {
  const token = { scopes: [], permissions: [], roles: [], claims } as unknown as VerifiedAccessToken;
  checkRequirements(token, requirements as AccessRequirements, { now, clockTolerance: 30 });
}

const catchError = (run: () => void): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('A15: a recent login', () => {
  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, '300', null, {}, [300]])(
    'with maxAge %j, an old login is denied',
    (maxAge) => {
      for (const auth_time of [now - 1000, undefined])
        expect(catchError(() => check({ maxAge }, { auth_time }))).toMatchObject({
          code: 'insufficient_user_authentication',
        });
    },
  );

  test('does not send a maxAge that is not a number in the challenge', () => {
    const error = catchError(() => check({ maxAge: Number.NaN }, {}));
    expect(error).toMatchObject({ details: {} });
    expect((error as { details: object }).details).not.toHaveProperty('maxAge');
  });

  test.each([now + 31, now * 1000, Number.POSITIVE_INFINITY])(
    'a login at %d is in the future',
    (auth_time) => {
      expect(catchError(() => check({ maxAge: 300 }, { auth_time }))).toMatchObject({ check: 'auth_time' });
    },
  );

  test.each([
    [300, now],
    [300, now - 330],
    [300, now + 30],
    [0, now - 30],
    [Number.POSITIVE_INFINITY, 0],
  ])('with maxAge %d, a login at %d is accepted', (maxAge, auth_time) => {
    check({ maxAge }, { auth_time });
  });
});

test('A15: an empty context is not met by a token without acr', () => {
  expect(catchError(() => check({ acr: [['']] }, {}))).toMatchObject({ check: 'acr' });
  expect(catchError(() => check({ acr: ['urn:mfa'] }, {}))).toMatchObject({ check: 'acr' });
  check({ acr: [['urn:mfa']] }, { acr: 'urn:mfa' });
});
