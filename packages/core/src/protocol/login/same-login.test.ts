import { expect, test } from 'vitest';
import {
  findLoginDifference,
  isOtherUserError,
  readUnverifiedClaims,
  requireSameUser,
} from './same-login.ts';

const previousClaims = {
  iss: 'https://id.example',
  sub: 'user-1',
  aud: 'spa',
  auth_time: 1,
  azp: 'spa',
  nonce: 'n',
  tid: 'tenant-1',
};

test('accepts an ID token of the same login, with the audience as a list', () => {
  const claims = { ...previousClaims, aud: ['spa'] };
  requireSameUser(claims, previousClaims);
  expect(findLoginDifference(claims, previousClaims)).toBeUndefined();
});

test.each(['auth_time', 'azp', 'nonce'])('accepts an ID token without %s', (claim) => {
  for (const absent of [undefined, null]) {
    const claims = { ...previousClaims, [claim]: absent };
    expect(findLoginDifference(claims, previousClaims)).toBeUndefined();
    expect(findLoginDifference(previousClaims, claims)).toBeUndefined();
  }
});

test.each([
  ['iss', { iss: 'https://evil.example' }],
  ['sub', { sub: 'user-2' }],
  ['sub', { sub: 7 }],
  ['sub', { sub: ['user-1'] }],
  ['iss', { tid: 'other' }],
])('C1: classifies an ID token with another %s as another user', (check, change) => {
  const run = () => requireSameUser({ ...previousClaims, ...change }, previousClaims, { claim: 'tid' });
  expect(run).toThrow(expect.objectContaining({ code: 'id_token_invalid', check }));
  try {
    run();
  } catch (error) {
    expect(isOtherUserError(error)).toBe(true);
  }
});

test.each([
  ['aud', { aud: ['spa', 'other'] }],
  ['auth_time', { auth_time: 2 }],
  ['azp', { azp: 'other' }],
  ['nonce', { nonce: 'other' }],
  ['nonce', { nonce: '' }],
])('C1: classifies an ID token with another %s as another login of the same user', (check, change) => {
  const claims = { ...previousClaims, ...change };
  requireSameUser(claims, previousClaims);
  const difference = findLoginDifference(claims, previousClaims);
  expect(difference).toMatchObject({ code: 'id_token_invalid', check });
  expect(isOtherUserError(difference)).toBe(false);
});

test.each(['iss', 'sub'])('ignores an ID token with an absent or empty %s, which names no user', (name) => {
  for (const value of [undefined, null, '', ' ']) {
    const claims = { ...previousClaims, [name]: value };
    requireSameUser(claims, previousClaims);
    expect(findLoginDifference(claims, previousClaims)).toMatchObject({
      code: 'id_token_invalid',
      check: name,
    });
  }
});

test('reads the claims of a JWT, and returns nothing for other texts', () => {
  expect(readUnverifiedClaims(`e30.${btoa('{"sub":"a"}').replace(/=+$/, '')}.x`)).toEqual({ sub: 'a' });
  for (const text of ['', 'a', 'a.b.c', '..', 'e30.W10.x'])
    expect(readUnverifiedClaims(text)).toBeUndefined();
});
