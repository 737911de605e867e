import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AuthError, TransportError } from '../../src/errors.ts';
import { createMemoryLock } from '../../src/tokens/stores/refresh-lock.ts';
import { createMemorySuccessorStore } from '../../src/tokens/stores/successor-store.ts';
import { createCoordinator } from '../support/refresh/coordinator.ts';
import {
  cookieHolder,
  createSharedSessions,
  createTestProvider,
} from '../support/refresh/refresh-provider.ts';

/** One request of a run: user, process, kind of session, resource, and the seconds before it. */
const request = fc.record({
  user: fc.nat(5),
  process: fc.nat(2),
  kind: fc.constantFrom('stored', 'cookie'),
  resource: fc.constantFrom(undefined, 'r0', 'r1'),
  forceRefresh: fc.boolean(),
  seconds: fc.constantFrom(0, 0, 0, 20, 45, 61),
});

const fault = fc.constantFrom('none', 'none', 'none', 'error', '429', 'slow');

test('S5: returns only tokens of their user to concurrent requests of many users in several processes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 60 }),
      fc.array(fault, { minLength: 1, maxLength: 20 }),
      async (requests, faults) => {
        let time = 1_700_000_000_000;
        const now = () => time;
        const provider = createTestProvider({ now });
        let requestCount = 0;
        provider.state.before = async () => {
          const next = faults[requestCount++ % faults.length];
          if (next === 'error') throw new TransportError('server_error', 'x');
          if (next === '429') throw new TransportError('rate_limited', 'x', { retryAfter: 0 });
          if (next === 'slow') await new Promise((resolve) => setTimeout(resolve, 2));
        };
        const { sessions, holder } = createSharedSessions();
        const cookies = Array.from({ length: 6 }, (_, user) => provider.login(`c${user}x`));
        for (let user = 0; user < 6; user++) sessions.set(`s${user}`, provider.login(`s${user}x`));
        const lock = createMemoryLock();
        const successors = createMemorySuccessorStore();
        const processes = Array.from({ length: 3 }, () => {
          return createCoordinator(provider.client(), { lock, successors, successorLifetime: 600 });
        });
        await Promise.all(
          requests.map(async ({ user, process, kind, seconds, ...tokenRequest }) => {
            time += seconds * 1000;
            const stored = kind === 'stored';
            const tokenHolder = stored
              ? holder(`s${user}`)
              : cookieHolder(cookies[user] as (typeof cookies)[0]);
            try {
              const result = await processes[process]?.getAccessToken(tokenHolder, tokenRequest);
              const owner = `${stored ? 's' : 'c'}${user}x`;
              expect(result?.accessToken.accessToken.split('.')[1]).toBe(owner);
              expect(result?.tokens.claims?.sub).toBe(owner);
              if (result?.sealedSession !== undefined) expect(result.sealedSession).toContain(`.${owner}.`);
              if (tokenRequest.resource) expect(result?.accessToken.resource).toBe(tokenRequest.resource);
            } catch (error) {
              if (!(error instanceof AuthError)) throw error;
              expect(error.code).toMatch(/^(server_error|rate_limited)$/);
            }
          }),
        );
        expect(provider.state.replays).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
