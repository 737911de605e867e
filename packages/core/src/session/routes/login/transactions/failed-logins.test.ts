import { expect, test } from 'vitest';
import { createMemoryReplayStore } from '../../../index.ts';
import { runLoginOnce } from './used-logins.ts';

test('S34: records failed logins up to a limit', async () => {
  const failedLogins = new Set<string>();
  const context = { replay: createMemoryReplayStore(), failedLogins, now: Date.now };
  const fail = () => Promise.reject(new Error('rejected'));
  const runOnce = (state: string) =>
    runLoginOnce(
      context as unknown as Parameters<typeof runLoginOnce>[0],
      { transaction: { state, createdAt: Math.floor(Date.now() / 1000) }, returnTo: '/' } as Parameters<
        typeof runLoginOnce
      >[1],
      fail,
    );
  for (let count = 0; count < 10_050; count++)
    await expect(runOnce(`state-${count}`)).rejects.toThrow('rejected');
  expect(failedLogins.size).toBe(10_000);
  await expect(runOnce('state-10049')).rejects.toMatchObject({ check: 'used' });
});
