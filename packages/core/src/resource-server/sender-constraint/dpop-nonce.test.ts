import { describe, expect, test } from 'vitest';
import { origin, refused, startDpop } from '../../../tests/support/start-dpop.ts';

describe('A6: nonce', () => {
  test('a proof without one is answered with one, which then serves until the next but one', async () => {
    const { call, prove, server } = await startDpop({ dpop: { origin, nonce: { lifetime: 60 } } });
    const error = await call(await prove()).catch((caught: unknown) => caught as never);
    expect(error).toMatchObject({
      ...refused('use_dpop_nonce'),
      headers: { 'DPoP-Nonce': expect.stringMatching(/^[\w-]{24}$/), 'Cache-Control': 'no-store' },
      challenges: ['Bearer', expect.stringContaining('DPoP error="use_dpop_nonce"')],
    });
    const nonce = (error as { headers: Record<string, string> }).headers['DPoP-Nonce'] as string;
    await expect(call(await prove({ nonce }))).resolves.toMatchObject({ headers: undefined });
    server.clock.advance(60);
    const { headers } = await call(await prove({ nonce }));
    expect(headers?.['DPoP-Nonce']).toMatch(/^[\w-]{24}$/);
    expect(headers?.['DPoP-Nonce']).not.toBe(nonce);
    server.clock.advance(60);
    await expect(call(await prove({ nonce }))).rejects.toMatchObject(refused('use_dpop_nonce'));
  });

  test('processes that share the secret take each other for one', async () => {
    const nonce = { secret: 'a secret of thirty-two characters' };
    const one = await startDpop({ dpop: { origin, nonce } });
    const two = await startDpop({ dpop: { origin, nonce } });
    two.server.clock.stop(one.server.clock.now());
    const error = await one.call(await one.prove()).catch((caught: unknown) => caught);
    const known = (error as { headers: Record<string, string> }).headers['DPoP-Nonce'];
    await expect(two.call(await two.prove({ nonce: known }))).resolves.toBeDefined();
  });
});
