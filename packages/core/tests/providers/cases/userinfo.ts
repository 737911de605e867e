import { expect } from 'vitest';
import { fetchOAuth2User, fetchUserinfo } from '../../../src/index.ts';
import type { CapabilityTest } from './capability-case.ts';
import { logIn } from './log-in.ts';

export const testUserinfo: CapabilityTest<'userinfo'> = async (row, cell) => {
  const { client, tokens } = await logIn(row, cell);
  if (cell.sub !== undefined) {
    await expect(fetchOAuth2User(client, tokens.accessToken)).resolves.toMatchObject({
      iss: client.issuer,
      sub: cell.sub,
    });
    return;
  }
  await expect(fetchUserinfo(client, tokens.accessToken, tokens.claims?.sub ?? '')).resolves.toMatchObject({
    sub: 'alice',
  });
  await expect(fetchUserinfo(client, tokens.accessToken, 'bob')).rejects.toMatchObject({
    code: 'userinfo_invalid',
  });
};
