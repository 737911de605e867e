import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createMemorySessionStore } from '@countersign/core/session';
import { type RunOptions, require, requireRefused } from '../benchmark.ts';
import { liveMemory } from '../memory.ts';
import { spread } from '../statistics.ts';
import { audience, issuer, startIssuer, tampered } from '../verify/tokens.ts';
import { createSampleSessions } from './sample-sessions.ts';

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
  const sessions = createSampleSessions(createMemorySessionStore({ maxEntries: 1000 }));
  const known = from.token();

  async function oneBatch(): Promise<void> {
    for (let index = 0; index < batch; index++) {
      const token = index % 2 === 0 ? known : from.token();
      const request = { url: '/items', headers: { authorization: `Bearer ${token}` } };
      require((await verifier.verify(request)).accessToken.clientId === 'spa', 'a good token was refused');
      if (index % 10 === 0)
        await requireRefused(() => verifier.verifyToken(tampered(token)), 'a changed token');
      const cookie = await sessions.start();
      require((await sessions.web.open(cookie)).session, 'a session that was just started is gone');
      if (index % 2 === 0) await sessions.web.startLogout(cookie);
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
