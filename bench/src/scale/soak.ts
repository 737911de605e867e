import { createClient } from '@countersign/core';
import { createAccessTokenVerifier } from '@countersign/core/api';
import { createMemorySessionStore, createWebSessions } from '@countersign/core/session';
import { type RunOptions, require, requireRefused } from '../benchmark.ts';
import { liveMemory } from '../memory.ts';
import { spread } from '../statistics.ts';
import { audience, issuer, startIssuer, tampered } from '../verify/tokens.ts';

export interface Soaked {
  readonly seconds: number;
  readonly requests: number;
  /** Megabytes, after collection: medians of the second and of the last quarter. */
  readonly early: number;
  readonly late: number;
}

const batch = 200;

/** An API and a web application under load for a while, in this process: new tokens, known ones, bad ones, logins, logouts. */
export async function soak(seconds: number, options: RunOptions): Promise<Soaked> {
  const from = await startIssuer('ES256');
  const verifier = createAccessTokenVerifier({
    issuer,
    audience,
    jwksUri: from.jwksUri,
    algorithms: ['ES256'],
    allowInsecureIssuer: true,
    cache: { maxEntries: 1000 },
  });
  // No endpoint for revocation or logout: nothing but this process is measured.
  const client = createClient({
    issuer: 'https://id.example',
    clientId: 'web',
    metadata: {
      issuer: 'https://id.example',
      authorization_endpoint: 'https://id.example/auth',
      token_endpoint: 'https://id.example/token',
    },
  });
  const sessions = createWebSessions(client, {
    baseUrl: 'https://app.example',
    secret: 'a secret of more than thirty-two characters',
    store: createMemorySessionStore({ maxEntries: 1000 }),
  });
  const now = Math.floor(Date.now() / 1000);
  const tokens = {
    accessTokens: [
      {
        accessToken: 'a'.repeat(800),
        tokenType: 'Bearer' as const,
        expiresAt: now + 86_000,
        scope: 'openid',
      },
    ],
    refreshToken: 'r'.repeat(64),
    claims: { iss: 'https://id.example', sub: 'user', aud: 'web', exp: now + 3600, iat: now },
    scope: 'openid offline_access',
    updatedAt: now,
  };
  const known = from.token();

  async function oneBatch(): Promise<void> {
    for (let index = 0; index < batch; index++) {
      const token = index % 2 === 0 ? known : from.token();
      const request = { url: '/items', headers: { authorization: `Bearer ${token}` } };
      require((await verifier.verify(request)).accessToken.clientId === 'spa', 'a good token was refused');
      if (index % 10 === 0)
        await requireRefused(() => verifier.verifyToken(tampered(token)), 'a changed token');
      const cookies = await sessions.create(undefined, tokens);
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      require((await sessions.open(cookie)).session, 'a session that was just started is gone');
      if (index % 2 === 0)
        await sessions.endSession(cookie);
    }
  }

  const memory: number[] = [];
  let requests = 0;
  const start = performance.now();
  const samples = 40;
  for (let sample = 0; sample < samples; sample++) {
    const until = start + ((sample + 1) * seconds * 1000) / samples;
    options.progress(`soak, ${Math.round((performance.now() - start) / 1000)} of ${seconds} s`);
    do {
      await oneBatch();
      requests += 2 * batch;
    } while (performance.now() < until);
    memory.push(liveMemory());
  }
  from.close();
  return {
    seconds,
    requests,
    early: spread(memory.slice(samples / 4, samples / 2)).median,
    late: spread(memory.slice((3 * samples) / 4)).median,
  };
}
