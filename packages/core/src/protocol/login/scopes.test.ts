import { expect, test } from 'vitest';
import { parseScopes } from './scopes.ts';

test('splits a scope at white space and ignores the rest', () => {
  expect(parseScopes('openid  items:read ')).toEqual(['openid', 'items:read']);
  expect(parseScopes('')).toEqual([]);
});
