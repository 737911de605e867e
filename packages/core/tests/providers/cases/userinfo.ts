import { expect } from 'vitest';
import { fetchUserinfo } from '../../../src/index.ts';
import type { CapabilityTest } from './capability-case.ts';
import { logIn } from './log-in.ts';

export const testUserinfo: CapabilityTest<'userinfo'> = async (row, cell) => {
  const { client, tokens } = await logIn(row, cell);
  await expect(fetchUserinfo(client, tokens.accessToken, tokens.claims?.sub ?? '')).resolves.toMatchObject({
    sub: 'alice',
  });
  await expect(fetchUserinfo(client, tokens.accessToken, 'bob')).rejects.toMatchObject({
    code: 'userinfo_invalid',
  });
};
