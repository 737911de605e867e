import { describe, expect, test } from 'vitest';
import type { TokenResponse } from '../client/wire/token-response.ts';
import { applyRefresh, createTokenSet, findAccessToken, isFresh, isValid } from './token-set.ts';

const claims = { iss: 'https://op.example', sub: 'alice', aud: 'client', exp: 9_999, iat: 1_000 };
const answer = (more: Partial<TokenResponse> = {}): TokenResponse => ({
  accessToken: 'at1',
  tokenType: 'Bearer',
  expiresAt: 1_060,
  scopes: ['openid', 'offline_access'],
  ...more,
});
const login = createTokenSet(answer({ refreshToken: 'rt1', idToken: 'id1', claims }), 1_000, {
  resource: 'api',
});

describe('after a refresh', () => {
  test('C3: an answer without ID token keeps the old one, and its claims', () => {
    expect(applyRefresh(login, answer({ accessToken: 'at2' }), 1_050)).toMatchObject({
      idToken: 'id1',
      claims,
    });
  });

  test('a new ID token replaces the old one with its claims', () => {
    const fresh = { ...claims, name: 'Alice' };
    expect(applyRefresh(login, answer({ idToken: 'id2', claims: fresh }), 1_050)).toMatchObject({
      idToken: 'id2',
      claims: fresh,
    });
  });

  test('C4: a rotated refresh token is taken, and without rotation the old one is kept', () => {
    expect(applyRefresh(login, answer({ refreshToken: 'rt2' }), 1_050).refreshToken).toBe('rt2');
    expect(applyRefresh(login, answer(), 1_050).refreshToken).toBe('rt1');
  });

  test('tokens of other resources stay while they are valid', () => {
    const two = applyRefresh(login, answer({ accessToken: 'at2', expiresAt: 1_110 }), 1_050, {
      resource: 'other',
    });
    expect(findAccessToken(two, { resource: 'api' })?.accessToken).toBe('at1');
    expect(findAccessToken(two, { resource: 'other' })?.accessToken).toBe('at2');
    expect(findAccessToken(two, {})).toBeUndefined();
    const later = applyRefresh(two, answer({ accessToken: 'at3' }), 1_100, { resource: 'third' });
    expect(later.accessTokens.map(({ accessToken }) => accessToken)).toEqual(['at3', 'at2']);
  });

  test('it never holds more than eight access tokens', () => {
    let set = login;
    for (let i = 0; i < 20; i++) set = applyRefresh(set, answer(), 1_001, { resource: `r${i}` });
    expect(set.accessTokens).toHaveLength(8);
  });

  test('its time never goes back', () => {
    expect(applyRefresh(login, answer(), 500).updatedAt).toBe(1_000);
    expect(applyRefresh(login, answer(), 500).accessTokens[0]?.receivedAt).toBe(500);
  });
});

describe('an access token', () => {
  const entry = {
    accessToken: 'at',
    tokenType: 'Bearer' as const,
    scopes: [],
    expiresAt: 1_060,
    receivedAt: 1_000,
  };

  test('is renewed before its end, at half of its life at the earliest', () => {
    expect(isFresh(entry, 1_029, 300)).toBe(true);
    expect(isFresh(entry, 1_030, 300)).toBe(false);
    expect(isFresh(entry, 1_049, 10)).toBe(true);
    expect(isFresh(entry, 1_050, 10)).toBe(false);
  });

  test('without a known end serves until it is refused', () => {
    const { expiresAt: _, ...endless } = entry;
    expect(isFresh(endless, 9_999_999, 30)).toBe(true);
  });

  test('of the future is from before a jump of the clock', () => {
    expect(isFresh(entry, 1_000 - 299, 30)).toBe(true);
    expect(isFresh(entry, 1_000 - 301, 30)).toBe(false);
  });

  test('is valid until its very end', () => {
    expect(isValid(entry, 1_059, 0)).toBe(true);
    expect(isValid(entry, 1_060, 0)).toBe(false);
  });

  test('whose end lies before its beginning is never fresh', () => {
    expect(isFresh({ ...entry, receivedAt: 2_000 }, 1_900, 30)).toBe(false);
  });
});
