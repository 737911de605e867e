import { describe, expect, test } from 'vitest';
import { createMemoryAdapter } from './memory-adapter.ts';

function createAdapters() {
  const adapter = createMemoryAdapter();
  return { grants: adapter('Grant'), refreshTokens: adapter('RefreshToken'), sessions: adapter('Session') };
}

describe('createMemoryAdapter', () => {
  test('revokes the grant, and no other grant, when a token is consumed twice', async () => {
    const { grants, refreshTokens } = createAdapters();
    for (const grantId of ['mine', 'other']) await grants.upsert(grantId, { accountId: 'user-alice' }, 60);
    await refreshTokens.upsert('first', { grantId: 'mine' }, 60);
    await refreshTokens.upsert('successor', { grantId: 'mine' }, 60);
    await refreshTokens.upsert('unrelated', { grantId: 'other' }, 60);

    const outcomes = await Promise.allSettled([
      refreshTokens.consume('first'),
      refreshTokens.consume('first'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { error: 'invalid_grant' } });
    expect(await grants.find('mine')).toBeUndefined();
    expect(await refreshTokens.find('successor')).toBeUndefined();
    expect(await grants.find('other')).toBeDefined();
    expect(await refreshTokens.find('unrelated')).toBeDefined();
  });

  test('finds a session by its uid until the session expires', async () => {
    const { sessions } = createAdapters();
    await sessions.upsert('id', { uid: 'uid' }, 60);
    expect(await sessions.findByUid('uid')).toEqual({ uid: 'uid' });
    await sessions.upsert('id', { uid: 'uid' }, -1);
    expect(await sessions.find('id')).toBeUndefined();
    expect(await sessions.findByUid('uid')).toBeUndefined();
  });

  test('returns copies', async () => {
    const { sessions } = createAdapters();
    await sessions.upsert('id', { uid: 'uid' }, 60);
    const found = await sessions.find('id');
    if (found) found.uid = 'changed';
    expect(await sessions.find('id')).toEqual({ uid: 'uid' });
  });
});
