import { describe, expect, test } from 'vitest';
import type { TokenResponse } from '../client/wire/token-response.ts';
import { applyRefresh, createTokenSet, findAccessToken, getIdentity, isValid } from './token-set.ts';
import { isFresh } from './usable-token.ts';

const claims = { iss: 'https://op.example', sub: 'alice', aud: 'client', exp: 9_999, iat: 1_000 };
const createResponse = (more: Partial<TokenResponse> = {}): TokenResponse => ({
  accessToken: 'at1',
  tokenType: 'Bearer',
  expiresAt: 1_060,
  scopes: ['openid', 'offline_access'],
  ...more,
});
const login = createTokenSet(createResponse({ refreshToken: 'rt1', idToken: 'id1', claims }), 1_000, {
  resource: 'api',
});

describe('after a refresh', () => {
  test('C3: retains the previous ID token and its claims if the response has none', () => {
    expect(applyRefresh(login, createResponse({ accessToken: 'at2' }), 1_050)).toMatchObject({
      idToken: 'id1',
      claims,
    });
  });

  test('replaces the previous ID token and its claims by new ones', () => {
    const fresh = { ...claims, name: 'Alice' };
    expect(applyRefresh(login, createResponse({ idToken: 'id2', claims: fresh }), 1_050)).toMatchObject({
      idToken: 'id2',
      claims: fresh,
    });
  });

  test('S13: keeps the sid of the login if the ID token of a refresh has none', () => {
    const signedIn = createTokenSet(
      createResponse({ idToken: 'id1', claims: { ...claims, sid: 's1' } }),
      1_000,
    );
    expect(applyRefresh(signedIn, createResponse({ idToken: 'id2', claims }), 1_050).claims?.sid).toBe('s1');
    const other = createResponse({ idToken: 'id2', claims: { ...claims, sid: 's2' } });
    expect(applyRefresh(signedIn, other, 1_050).claims?.sid).toBe('s2');
    expect(applyRefresh(login, createResponse({ idToken: 'id2', claims }), 1_050).claims).toEqual(claims);
  });

  test.each([undefined, null, '', 5, false, {}])(
    'keeps the sid of the login if the ID token of a refresh has the sid %j',
    (sid) => {
      const signedIn = createTokenSet(
        createResponse({ idToken: 'id1', claims: { ...claims, sid: 's1' } }),
        1_000,
      );
      const response = createResponse({ idToken: 'id2', claims: { ...claims, sid } as never });
      expect(applyRefresh(signedIn, response, 1_050).claims?.sid).toBe('s1');
      expect(getIdentity(createTokenSet(response, 1_000))).toEqual({ iss: claims.iss, sub: claims.sub });
    },
  );

  test('C4: stores a rotated refresh token, and retains the previous one without rotation', () => {
    expect(applyRefresh(login, createResponse({ refreshToken: 'rt2' }), 1_050).refreshToken).toBe('rt2');
    expect(applyRefresh(login, createResponse(), 1_050).refreshToken).toBe('rt1');
  });

  test('retains valid tokens of other resources', () => {
    const two = applyRefresh(login, createResponse({ accessToken: 'at2', expiresAt: 1_110 }), 1_050, {
      resource: 'other',
    });
    expect(findAccessToken(two, { resource: 'api' })?.accessToken).toBe('at1');
    expect(findAccessToken(two, { resource: 'other' })?.accessToken).toBe('at2');
    expect(findAccessToken(two, {})).toBeUndefined();
    const later = applyRefresh(two, createResponse({ accessToken: 'at3' }), 1_100, { resource: 'third' });
    expect(later.accessTokens.map(({ accessToken }) => accessToken)).toEqual(['at3', 'at2']);
  });

  test('stores at most eight access tokens', () => {
    let set = login;
    for (let i = 0; i < 20; i++) set = applyRefresh(set, createResponse(), 1_001, { resource: `r${i}` });
    expect(set.accessTokens).toHaveLength(8);
  });

  test('does not decrease updatedAt', () => {
    expect(applyRefresh(login, createResponse(), 500).updatedAt).toBe(1_000);
    expect(applyRefresh(login, createResponse(), 500).accessTokens[0]?.receivedAt).toBe(500);
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

  test('is refreshed before its expiry, but not in the first half of its lifetime', () => {
    expect(isFresh(entry, 1_029, 300)).toBe(true);
    expect(isFresh(entry, 1_030, 300)).toBe(false);
    expect(isFresh(entry, 1_049, 10)).toBe(true);
    expect(isFresh(entry, 1_050, 10)).toBe(false);
  });

  test('is always fresh without expiry', () => {
    const { expiresAt: _, ...withoutExpiry } = entry;
    expect(isFresh(withoutExpiry, 9_999_999, 30)).toBe(true);
  });

  test('is not fresh if it was received in the future', () => {
    expect(isFresh(entry, 1_000 - 299, 30)).toBe(true);
    expect(isFresh(entry, 1_000 - 301, 30)).toBe(false);
  });

  test('is valid until its expiry', () => {
    expect(isValid(entry, 1_059, 0)).toBe(true);
    expect(isValid(entry, 1_060, 0)).toBe(false);
  });

  test('is not fresh if it expires before it was received', () => {
    expect(isFresh({ ...entry, receivedAt: 2_000 }, 1_900, 30)).toBe(false);
  });
});
