import { describe, expect, test } from 'vitest';
import { createMemoryAdapter } from './memory-adapter.ts';

function prepared() {
  const adapter = createMemoryAdapter();
  return { grants: adapter('Grant'), refreshTokens: adapter('RefreshToken'), sessions: adapter('Session') };
}

describe('the memory adapter', () => {
  test('lets a token be consumed once: the second time ends its grant, and spares the others', async () => {
    const { grants, refreshTokens } = prepared();
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

  test('forgets what has expired, and finds a session by its uid until then', async () => {
    const { sessions } = prepared();
    await sessions.upsert('id', { uid: 'uid' }, 60);
    expect(await sessions.findByUid('uid')).toEqual({ uid: 'uid' });
    await sessions.upsert('id', { uid: 'uid' }, -1);
    expect(await sessions.find('id')).toBeUndefined();
    expect(await sessions.findByUid('uid')).toBeUndefined();
  });

  test('hands out copies', async () => {
    const { sessions } = prepared();
    await sessions.upsert('id', { uid: 'uid' }, 60);
    const found = await sessions.find('id');
    if (found) found.uid = 'changed';
    expect(await sessions.find('id')).toEqual({ uid: 'uid' });
  });
});
