import { expect, test } from 'vitest';
import { toBase64Url } from '../../../internal/encoding.ts';
import { unpackState } from './session-state.ts';

const owner = '["https://id.example","web"]';
const packClaims = (json: string) => `header.${toBase64Url(new TextEncoder().encode(json))}.signature`;

test.each([
  undefined,
  {},
  { owner, id: 'a' },
  { owner, id: 1, tokens: {} },
  { owner, id: 'a', tokens: 'text' },
  { owner, id: 'a', tokens: [] },
  { owner: '["https://id.example","other"]', id: 'a', tokens: {} },
])('S12: rejects a payload that is not a session of this client: %j', (payload) => {
  expect(unpackState(payload, owner)).toBeUndefined();
});

test('S12: reads the claims of the ID token', () => {
  const payload = { owner, id: 'a', tokens: { idToken: packClaims('{"sub":"alice"}') } };
  expect(unpackState(payload, owner)?.tokens.claims).toEqual({ sub: 'alice' });
});

test('C9: rejects an ID token with a repeated member or too many levels', () => {
  for (const json of ['{"sub":"alice","sub":"bob"}', `{"sub":${'['.repeat(40)}${']'.repeat(40)}}`]) {
    const payload = { owner, id: 'a', tokens: { idToken: packClaims(json) } };
    expect(() => unpackState(payload, owner)).toThrow();
  }
});
