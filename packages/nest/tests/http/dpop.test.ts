import { request } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { Principal } from '../../src/index.ts';
import { adapters, type StartOptions, startApp } from '../support/start/start-app.ts';
import { createHolder } from '../support/tokens/dpop.ts';

@Controller('items')
class ItemsController {
  @Get()
  items(@Principal('dpopThumbprint') thumbprint?: string) {
    return { bound: thumbprint !== undefined };
  }
}

const origin = 'https://api.example.test';

describe.each(adapters)('DPoP on %s', (adapter) => {
  async function start(auth: StartOptions['auth'] = { dpop: { origin } }) {
    const testApp = await startApp({ controllers: [ItemsController] }, { adapter, auth });
    const holder = await createHolder(testApp.mint);
    const prove = (more: { htm?: string; htu?: string; nonce?: string | undefined; ath?: undefined } = {}) =>
      holder.prove({ htm: 'GET', htu: `${origin}/items`, now: testApp.server.clock.now(), ...more });
    const get = (headers: Record<string, string>) => testApp.call('/items', undefined, { headers });
    return { ...testApp, token: holder.token, prove, get };
  }

  test('A6: accepts a proof once, for its method, URL and token', async () => {
    const { prove, get } = await start();
    const proof = await prove();
    expect(await get(proof)).toMatchObject({ status: 200, body: { bound: true } });
    const { dpop: _, ...without } = await prove();
    for (const [headers, message] of [
      [proof, 'The DPoP proof was already used'],
      [without, 'A DPoP proof is required'],
      [await prove({ htm: 'POST' }), 'The DPoP proof is for another method'],
      [await prove({ htu: `${origin}/other` }), 'The DPoP proof is for another URL'],
      [{ ...(await prove()), dpop: 'nonsense' }, 'The DPoP proof is not a JWT'],
    ] as const)
      expect(await get(headers)).toMatchObject({
        status: 401,
        challenge: expect.stringMatching(
          new RegExp(`^Bearer, DPoP error="invalid_dpop_proof", error_description="${message}"`),
        ),
      });
    expect((await get(await prove({ ath: undefined }))).status).toBe(401);
  });

  test('sends the challenges of both schemes in one header, because Firefox ignores the header if it occurs twice', async () => {
    const { url } = await start();
    const lines = await new Promise<string[]>((resolve, reject) => {
      request(`${url}/items`, (response) => resolve(response.resume().rawHeaders))
        .on('error', reject)
        .end();
    });
    const challenges = lines.filter((_, index) => /^www-authenticate$/i.test(lines[index - 1] ?? ''));
    expect(challenges).toEqual([expect.stringMatching(/^Bearer, DPoP /)]);
  });

  test('A6: does not read the URL of a proof from the Host header', async () => {
    const { prove, url } = await start();
    const requestStatus = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        request(`${url}/items`, { headers }, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
    for (const host of ['evil.example.test', 'api.example.test@evil.example.test', 'a/b?c#d', '[::1', '%']) {
      expect(
        await requestStatus({ ...(await prove({ htu: 'https://evil.example.test/items' })), host }),
      ).toBe(401);
      expect(await requestStatus({ ...(await prove()), host })).toBe(200);
    }
  });

  test('A7: rejects a bound token as Bearer, and an unbound token as DPoP', async () => {
    const { prove, get, token, call, mint } = await start();
    expect(await call('/items', token)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('DPoP error="invalid_token"'),
    });
    const { dpop = '' } = await prove();
    expect(await get({ authorization: `DPoP ${await mint()}`, dpop })).toMatchObject({ status: 401 });
    expect(await call('/items', await mint())).toMatchObject({ status: 200, body: { bound: false } });
  });

  test('A15: sends a nonce with the challenge, and accepts it in the next proof', async () => {
    const { prove, get } = await start({ dpop: { origin, nonce: {} } });
    const nonceResponse = await get(await prove());
    expect(nonceResponse).toMatchObject({
      status: 401,
      challenge: expect.stringMatching(/^Bearer, DPoP error="use_dpop_nonce", /),
    });
    expect(nonceResponse.headers.get('cache-control')).toBe('no-store');
    const nonce = nonceResponse.headers.get('dpop-nonce') ?? undefined;
    expect(nonce).toMatch(/^[\w-]{24}$/);
    expect(await get(await prove({ nonce }))).toMatchObject({ status: 200 });
    expect(await get(await prove({ nonce: 'x'.repeat(24) }))).toMatchObject({ status: 401 });
  });

  test('A7: challenges with DPoP only if bound tokens are required', async () => {
    const { prove, get, call, mint } = await start({ dpop: { origin }, requireBinding: 'dpop' });
    expect(await get(await prove())).toMatchObject({ status: 200 });
    expect(await call('/items', await mint())).toMatchObject({
      status: 401,
      challenge: expect.stringMatching(/^DPoP error="invalid_token", /),
    });
    expect((await call('/items')).challenge).toMatch(/^DPoP algs="/);
  });
});
