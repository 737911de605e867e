import { expect, test } from 'vitest';
import { requireSameLogin } from './same-login.ts';

const previousClaims = {
  iss: 'https://id.example',
  sub: 'user-1',
  aud: 'spa',
  auth_time: 1,
  azp: 'spa',
  nonce: 'n',
};

test('accepts an ID token of the same login, with the audience as a list', () => {
  requireSameLogin({ ...previousClaims, aud: ['spa'] }, previousClaims);
});

test.each(['auth_time', 'azp', 'nonce'])('accepts an ID token without %s', (claim) => {
  requireSameLogin({ ...previousClaims, [claim]: undefined }, previousClaims);
  requireSameLogin(previousClaims, { ...previousClaims, [claim]: undefined });
});

test.each([
  ['iss', { iss: 'https://evil.example' }],
  ['sub', { sub: 'user-2' }],
  ['aud', { aud: ['spa', 'other'] }],
  ['auth_time', { auth_time: 2 }],
  ['azp', { azp: 'other' }],
  ['nonce', { nonce: 'other' }],
])('C1: rejects a refreshed ID token with another %s', (check, change) => {
  expect(() => requireSameLogin({ ...previousClaims, ...change }, previousClaims)).toThrow(
    expect.objectContaining({ code: 'id_token_invalid', check }),
  );
});
