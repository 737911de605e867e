import { expect } from 'vitest';
import type { CapabilityTest } from './capability-case.ts';
import { logIn } from './log-in.ts';

export const testLogin: CapabilityTest<'login'> = async (row, cell) => {
  const { url, tokens } = await logIn(row, cell);
  const sentParameters = Object.keys(cell.sent).map((name) => [name, url.searchParams.get(name)]);
  expect(Object.fromEntries(sentParameters)).toEqual(cell.sent);
  expect(tokens.accessToken).toEqual(expect.any(String));
};
