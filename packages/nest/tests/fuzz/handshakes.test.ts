import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createTestAuthorizationServer } from '@countersign/testing';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  computeFuzzTimeout,
  createJson,
  fuzzSurface,
  mutateText,
  readFuzzRuns,
} from '../../../core/tests/support/hostile-inputs.ts';
import type { Random } from '../../../core/tests/support/random.ts';
import { Authenticator } from '../../src/guard/authenticator.ts';
import { ConnectionAuthenticator } from '../../src/guard/connection-authenticator.ts';

const audience = 'https://api.example.test';
const runs = readFuzzRuns(3_000);

// The log is disabled, because each rejection writes a line.
beforeEach(() => Logger.overrideLogger(false));
afterEach(() => Logger.overrideLogger(['error', 'warn', 'log']));

/** Creates the client object of a connection. `closed` reports whether the guard closed it. */
function createClient(kind: 'socket.io' | 'ws', handshake: unknown) {
  const client = { closed: false, once: () => {} };
  const close = () => {
    client.closed = true;
  };
  return kind === 'ws'
    ? Object.assign(client, { close })
    : Object.assign(client, { handshake, disconnect: close });
}

test('A9, N1: accepts a handshake only with an issued token, and closes any other', {
  timeout: computeFuzzTimeout(runs),
}, async () => {
  const server = await createTestAuthorizationServer({ resources: [audience] });
  server.clock.stop();
  const verifier = createAccessTokenVerifier({
    issuer: server.issuer,
    audience,
    fetch: server.fetch,
    now: server.clock.now,
  });
  const connections = new ConnectionAuthenticator(new Authenticator(verifier, server.clock.now), verifier);
  const good = await server.mintAccessToken();
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);

  const createHeaders = (random: Random): unknown => {
    if (random.oneIn(10)) return JSON.parse(createShallowJson(random));
    const authorization = mutateText(random, `Bearer ${good}`);
    return random.oneIn(10)
      ? { authorization: [authorization, `Bearer ${good}`] }
      : { authorization, 'sec-websocket-protocol': mutateText(random, 'graphql-ws') };
  };
  const createRequest = (random: Random): unknown => ({
    headers: createHeaders(random),
    method: random.pick(['GET', 'POST', undefined, 5]),
    url: mutateText(random, '/socket?token=x'),
    rawHeaders: random.oneIn(5)
      ? ['authorization', `Bearer ${good}`, 'Authorization', 'Bearer x']
      : undefined,
  });
  const createHandshake = (random: Random): unknown => ({
    headers: random.oneIn(2) ? {} : createHeaders(random),
    auth: random.oneIn(8)
      ? JSON.parse(createShallowJson(random))
      : { token: random.oneIn(6) ? JSON.parse(createShallowJson(random)) : mutateText(random, good) },
  });

  const counts = await fuzzSurface({
    name: 'handshakes',
    runs,
    async attempt(random, index) {
      const isGood = index % 100 === 0;
      const kind = random.pick(['socket.io', 'ws'] as const);
      const request = isGood ? { headers: { authorization: `Bearer ${good}` } } : createRequest(random);
      const handshake = isGood ? { headers: {}, auth: { token: good } } : createHandshake(random);
      const client = createClient(kind, handshake);
      const authenticated = await connections.authenticate(
        client,
        kind === 'ws' ? (request as never) : undefined,
      );
      expect(client.closed).toBe(authenticated === undefined);
      if (authenticated) expect(authenticated.token).toBe(good);
      if (isGood) expect(authenticated).toBeDefined();
      return authenticated !== undefined;
    },
  });
  expect(counts.accepted).toBeGreaterThanOrEqual(Math.floor(runs / 100));
  await new Promise(setImmediate);
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

/** Returns JSON of a few levels, which `JSON.parse` of the test can read. */
function createShallowJson(random: Random): string {
  const text = createJson(random, 2);
  return text.length < 500 ? text : 'null';
}
