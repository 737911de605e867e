import { expect } from 'vitest';
import type { CapabilityTest } from './capability-case.ts';
import { logIn } from './log-in.ts';

export const testIdToken: CapabilityTest<'idToken'> = async (row, cell) => {
  const { client, tokens } = await logIn(row, cell);
  expect(tokens.claims).toMatchObject({ iss: row.userIssuer ?? client.issuer, sub: 'alice' });
  expect([tokens.claims?.aud].flat()).toContain(client.clientId);
  await expect(logIn(row, cell, { faults: ['id_token_key_foreign'] })).rejects.toMatchObject({
    name: 'ValidationError',
    code: 'id_token_invalid',
  });
};
