import { Controller, Get } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  Principal,
  RequireScopes,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';
import { algorithms, createKey, readKeyId, startProvider } from '../support/start/start-provider.ts';

@Controller('items')
class ItemsController {
  @RequireScopes('items:read')
  @Get()
  items(@Principal('sub') sub: string) {
    return { sub };
  }

  @RequireScopes('items:write')
  @Get('write')
  write() {
    return {};
  }
}

const keysMaxAge = 60;
const keysCoolDown = 10;

describe.each(adapters)('access tokens of a certified provider on %s', (adapter) => {
  test.each(algorithms)(
    'A1, A3, A4: accepts only tokens of published keys while keys rotate under load, signed with %s',
    {
      timeout: 60_000,
    },
    async (alg) => {
      const { issuer, publishKeys, mint, isPublished } = await startProvider(alg);
      let current = await createKey(alg);
      publishKeys([current]);
      let clockOffset = 0;
      const { app, call } = await startApp(
        { controllers: [ItemsController] },
        {
          adapter,
          auth: {
            issuer,
            allowInsecureIssuer: true,
            fetch: globalThis.fetch,
            now: () => Date.now() + clockOffset,
            keysMaxAge,
            keysCoolDown,
          },
        },
      );
      const { statistics } = app.get<AccessTokenVerifier>(ACCESS_TOKEN_VERIFIER);

      expect(await call('/items', await mint())).toMatchObject({ status: 200, body: { sub: 'job' } });
      expect(await call('/items/write', await mint())).toMatchObject({ status: 403 });

      // Each caller sends a new token and an older one, which is usually cached.
      let isStopped = false;
      const acceptedCounts = new Map<string, number>();
      const issuedTokens: string[] = [];
      const unexpectedResponses: unknown[] = [];
      const ask = async (token: string) => {
        const { status, challenge } = await call('/items', token);
        if (status === 200)
          acceptedCounts.set(readKeyId(token), (acceptedCounts.get(readKeyId(token)) ?? 0) + 1);
        // A token is valid while its key is published.
        else if (status !== 401 || isPublished(token)) unexpectedResponses.push({ status, challenge });
      };
      const load = Promise.all(
        Array.from({ length: 4 }, async () => {
          while (!isStopped) {
            const token = await mint();
            issuedTokens.push(token);
            await ask(token);
            await ask(issuedTokens[Math.floor(Math.random() * issuedTokens.length)] as string);
          }
        }),
      );
      const waitForAccepted = (kid: string, atLeast: number) =>
        expect.poll(() => acceptedCounts.get(kid) ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(atLeast);

      const retired: string[] = [];
      for (const announced of [true, false, false]) {
        await waitForAccepted(current.kid, 20);
        const next = await createKey(alg);
        if (announced) publishKeys([current, next]);
        clockOffset += keysCoolDown * 1000;
        // The next key signs. The previous key is still published, so its tokens are valid.
        publishKeys([next, current]);
        await waitForAccepted(next.kid, 20);
        const before = acceptedCounts.get(current.kid) ?? 0;
        await waitForAccepted(current.kid, before + 5);

        const last = issuedTokens.findLast((token) => readKeyId(token) === current.kid) as string;
        const { hits } = statistics().caches.verifiedTokens;
        expect(await call('/items', last)).toMatchObject({ status: 200 });
        expect(statistics().caches.verifiedTokens.hits).toBeGreaterThan(hits);
        retired.push(last);
        issuedTokens.splice(
          0,
          issuedTokens.length,
          ...issuedTokens.filter((token) => readKeyId(token) === next.kid),
        );
        publishKeys([next]);
        current = next;
      }
      // The keys are now older than `keysMaxAge`, so the next request fetches them.
      clockOffset += 2 * keysMaxAge * 1000;
      await waitForAccepted(current.kid, (acceptedCounts.get(current.kid) ?? 0) + 20);
      isStopped = true;
      await load;
      expect(unexpectedResponses).toEqual([]);
      expect(statistics()).toMatchObject({ unavailable: 0, issuers: [{ keys: 1, usable: true }] });
      for (const token of retired)
        expect(await call('/items', token)).toMatchObject({
          status: 401,
          challenge:
            'Bearer error="invalid_token", error_description="The signature of the access token is not valid"',
        });
      expect(await call('/items', await mint())).toMatchObject({ status: 200 });
    },
  );
});
