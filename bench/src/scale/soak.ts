import { createAccessTokenVerifier } from '@countersign/core/resource-server';
import { createMemorySessionStore } from '@countersign/core/session';
import { type RunOptions, require, requireRejection } from '../benchmark.ts';
import { measureLiveMemory } from '../memory.ts';
import { spread } from '../statistics.ts';
import { audience, issuer, startIssuer, tamper } from '../verify/tokens.ts';
import { createSampleSessions } from './sample-sessions.ts';

export interface SoakResult {
  readonly seconds: number;
  readonly requests: number;
  /** Median live memory in the second and in the last quarter, in megabytes. */
  readonly early: number;
  readonly late: number;
}

const batch = 200;

/** Loads an API and a web application in this process with new, known and invalid tokens, logins and logouts. */
export async function soak(seconds: number, options: RunOptions): Promise<SoakResult> {
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
  const earlierToken = from.token();

  async function runBatch(): Promise<void> {
    for (let index = 0; index < batch; index++) {
      const token = index % 2 === 0 ? earlierToken : from.token();
      const request = { url: '/items', headers: { authorization: `Bearer ${token}` } };
      require((await verifier.verify(request)).accessToken.clientId === 'spa', 'a valid token was rejected');
      if (index % 10 === 0)
        await requireRejection(() => verifier.verifyToken(tamper(token)), 'a changed token');
      const cookie = await sessions.start();
      require((await sessions.web.open(cookie)).session, 'a recent session is missing');
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
      await runBatch();
      requests += 2 * batch;
    } while (performance.now() < until);
    memory.push(measureLiveMemory());
  }
  from.close();
  return {
    seconds,
    requests,
    early: spread(memory.slice(samples / 4, samples / 2)).median,
    late: spread(memory.slice((3 * samples) / 4)).median,
  };
}
