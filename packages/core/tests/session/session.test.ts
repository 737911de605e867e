import { base64url } from 'jose';
import { expect, test } from 'vitest';
import {
  packState,
  type SessionState,
  toSession,
  unpackState,
} from '../../src/session/backends/state/session-state.ts';
import { readForm } from '../../src/session/http/request-checks.ts';

const claims = {
  iss: 'https://op.example',
  sub: 'alice',
  aud: 'web',
  exp: 2,
  iat: 1,
  nonce: 'n',
  name: 'Alice',
};
const state: SessionState = {
  id: 'id',
  owner: 'owner',
  tokens: { accessTokens: [], claims, scopes: ['openid'], updatedAt: 1 },
  createdAt: 1,
  usedAt: 1,
  expiresAt: 9,
};

const lifetimes = { idleLifetime: 5, absoluteLifetime: 20 };

test('S17: identifies the user by the ID token, not by userinfo', () => {
  const userinfo = { iss: 'https://evil.example', sub: 'victim', name: 'Victim', email: 'a@b.example' };
  expect(toSession({ ...state, userinfo }, lifetimes)?.user).toEqual({
    iss: 'https://op.example',
    sub: 'alice',
    name: 'Alice',
    email: 'a@b.example',
  });
});

test('does not store claims that the ID token contains', () => {
  const idToken = `x.${base64url.encode(JSON.stringify(claims))}.y`;
  const tokens = { ...state.tokens, idToken };
  const packed = packState({ ...state, tokens });
  expect(JSON.stringify(packed)).not.toContain('Alice');
  expect(unpackState(packed, 'owner')?.tokens.claims).toEqual(claims);
  // The claims of an encrypted ID token are stored, because it cannot be decrypted again.
  const encrypted = packState({ ...state, tokens: { ...state.tokens, idToken: 'a.b.c.d.e' } });
  expect(unpackState(encrypted, 'owner')?.tokens.claims).toEqual(claims);
});

test('reads a form up to its limit', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const request = (body: string) => new Request('https://app.example', { method: 'POST', headers, body });
  expect((await readForm(request('a=b&c=%C3%A4')))?.get('c')).toBe('\u00e4');
  expect(await readForm(request(`a=${'x'.repeat(70_000)}`))).toBeUndefined();
  expect(await readForm(new Request('https://app.example', { method: 'POST', body: 'a=b' }))).toBeUndefined();
});

test('returns the same frozen session for the same state', () => {
  const session = toSession(state, lifetimes);
  expect(toSession(state, lifetimes)).toBe(session);
  for (const shared of [session, session?.user]) {
    expect(() => Object.assign(shared ?? {}, { sub: 'mallory' })).toThrow(TypeError);
  }
  expect(
    toSession({ ...state, tokens: { ...state.tokens, claims: { ...claims, sub: 'bob' } } }, lifetimes)?.user
      .sub,
  ).toBe('bob');
});
