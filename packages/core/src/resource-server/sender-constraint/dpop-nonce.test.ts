import { describe, expect, test } from 'vitest';
import { dpopRejection, origin, startDpop } from '../../../tests/support/resource-server/start-dpop.ts';

describe('A6: a nonce', () => {
  test('is sent for a proof without one, and is valid until the second change', async () => {
    const { call, prove, server } = await startDpop({ dpop: { origin, nonce: { lifetime: 60 } } });
    const error = await call(await prove()).catch((caught: unknown) => caught as never);
    expect(error).toMatchObject({
      ...dpopRejection('use_dpop_nonce'),
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
    await expect(call(await prove({ nonce }))).rejects.toMatchObject(dpopRejection('use_dpop_nonce'));
  });

  test('is accepted by each process with the same secret', async () => {
    const nonce = { secret: 'a secret of thirty-two characters' };
    const one = await startDpop({ dpop: { origin, nonce } });
    const two = await startDpop({ dpop: { origin, nonce } });
    two.server.clock.stop(one.server.clock.now());
    const error = await one.call(await one.prove()).catch((caught: unknown) => caught);
    const firstNonce = (error as { headers: Record<string, string> }).headers['DPoP-Nonce'];
    await expect(two.call(await two.prove({ nonce: firstNonce }))).resolves.toBeDefined();
  });
});
