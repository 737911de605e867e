import { describe, expect, test } from 'vitest';
import { checkIdTokenClaims, findInvalidTime } from './id-token-claims.ts';

const time = 1_700_000_000;
const clock = { time, clockTolerance: 30 };
const claims = {
  iss: 'https://id.example',
  sub: 'user-1',
  aud: 'web',
  iat: time,
  exp: time + 60,
  nonce: 'n',
};
const expected = { issuer: 'https://id.example', clientId: 'web', accessToken: 'access', nonce: 'n' };

const check = (changes: object = {}, expectations: object = {}, alg = 'RS256') =>
  checkIdTokenClaims({ ...claims, ...changes }, { ...expected, ...expectations }, { alg, ...clock });

describe('checkIdTokenClaims', () => {
  test('accepts valid claims', async () => {
    await check();
    await check({ aud: ['web'] });
    await check({ aud: ['web', 'other'], azp: 'web' });
    await check({ nonce: undefined }, { nonce: undefined });
  });

  test.each([
    ['iss', { iss: 'https://evil.example' }],
    ['sub', { sub: '' }],
    ['sub', { sub: 'x'.repeat(256) }],
    ['sub', { sub: 1 }],
    ['aud', { aud: 'other' }],
    ['aud', { aud: undefined }],
    ['aud', { aud: ['web', 1], azp: 'web' }],
    ['aud', { aud: ['web', 'other'] }],
    ['azp', { azp: 'other' }],
    ['azp', { azp: null }],
    ['exp', { exp: undefined }],
    ['iat', { iat: '1' }],
    ['nbf', { nbf: Number.NaN }],
    ['nonce', { nonce: undefined }],
    ['auth_time', { auth_time: -1 }],
    ['auth_time', { auth_time: 'now' }],
    ['at_hash', { at_hash: 'other' }],
  ])('rejects an invalid %s: %j', async (name, changes) => {
    await expect(check(changes)).rejects.toMatchObject({ code: 'id_token_invalid', check: name });
  });

  test('names the found and the expected value', async () => {
    await expect(check({ aud: 'web2' })).rejects.toThrow('ID token "aud" is "web2", expected "web".');
    await expect(check({ iss: undefined })).rejects.toThrow(
      'ID token "iss" is undefined, expected "https://id.example".',
    );
  });

  test('limits and escapes a value of the provider in a message', async () => {
    const error = await check({ aud: `\n${'x'.repeat(10_000)}` }).catch((reason: Error) => reason);
    expect((error as Error).message.length).toBeLessThan(200);
    expect((error as Error).message).not.toContain('\n');
  });

  test('S22: requires auth_time if a maximum age was requested', async () => {
    await expect(check({}, { maxAge: 60 })).rejects.toMatchObject({ check: 'auth_time' });
    await expect(check({ auth_time: time - 91 }, { maxAge: 60 })).rejects.toMatchObject({
      check: 'auth_time',
    });
    await check({ auth_time: time - 89 }, { maxAge: 60 });
  });

  test('S22: requires one of the requested acr values', async () => {
    await expect(check({ acr: 'low' }, { acrValues: ['high'] })).rejects.toMatchObject({ check: 'acr' });
    await expect(check({}, { acrValues: ['high'] })).rejects.toMatchObject({ check: 'acr' });
    await check({ acr: 'high' }, { acrValues: ['high', 'higher'] });
  });

  test('accepts the hashes of the example in OpenID Connect Core appendix A.4 only', async () => {
    const token = { accessToken: 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y' };
    await check({ at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, token);
    await expect(check({ at_hash: '77QmUPtjPfzWtF2AnpK9RQ' }, token, 'ES512')).rejects.toMatchObject({
      check: 'at_hash',
    });
    await expect(check({ c_hash: 'other' }, { code: 'code' })).rejects.toMatchObject({ check: 'c_hash' });
  });
});

test('findInvalidTime: applies exactly the clock tolerance', () => {
  const find = (changes: object) => findInvalidTime({ ...claims, ...changes }, clock)?.check;
  expect(find({})).toBeUndefined();
  expect(find({ exp: time - 29 })).toBeUndefined();
  expect(find({ exp: time - 30 })).toBe('exp');
  expect(find({ iat: time + 30 })).toBeUndefined();
  expect(find({ iat: time + 31 })).toBe('iat');
  expect(find({ iat: time - 3630 })).toBeUndefined();
  expect(find({ iat: time - 3631 })).toBe('iat');
  expect(find({ nbf: time + 30 })).toBeUndefined();
  expect(find({ nbf: time + 31 })).toBe('nbf');
  for (const name of ['exp', 'iat', 'nbf']) expect(find({ [name]: 'x' })).toBe(name);
});
