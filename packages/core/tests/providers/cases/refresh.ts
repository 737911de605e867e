import { expect } from 'vitest';
import type { CapabilityTest } from './capability-case.ts';
import { logInWithHolder } from './log-in.ts';

export const testRefresh: CapabilityTest<'refresh'> = async (row, cell) => {
  const { server, tokens, holder, coordinator } = await logInWithHolder(row, cell);
  const values = new Set([tokens.accessToken]);
  for (const _ of [1, 2]) {
    // Two tokens without "jti" that are issued in one second are equal.
    server.clock.advance(1);
    const { accessToken } = await coordinator.getAccessToken(holder, { forceRefresh: true });
    values.add(accessToken.accessToken);
  }
  expect(values.size).toBe(3);
};

export const testEndOfRefresh: CapabilityTest<'endOfRefresh'> = async (row, cell) => {
  const { server, holder, coordinator, getStoredTokens } = await logInWithHolder(row, cell);
  server.endGrants();
  await expect(coordinator.getAccessToken(holder, { forceRefresh: true })).rejects.toMatchObject({
    name: 'LoginRequiredError',
    code: 'session_ended',
  });
  expect(getStoredTokens()).toBeUndefined();
};
