import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from './process.ts';

/**
 * Waits until a service answers. Any answer below 500 counts: the page may want a login.
 *
 * @returns `undefined` when it answers, otherwise a sentence that says what went wrong.
 */
export async function waitFor(service: Service, url: string, limit = 60_000): Promise<string | undefined> {
  const began = Date.now();
  let ended: string | undefined;
  service.ended.then((sentence) => {
    ended = sentence;
  });
  let last = 'no answer';
  while (Date.now() - began < limit) {
    if (ended !== undefined) return `${ended} before it answered at ${url}.`;
    try {
      const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
      await response.body?.cancel();
      if (response.status < 500) return undefined;
      last = `status ${response.status}`;
    } catch {
      last = 'no answer';
    }
    await delay(100);
  }
  return `${service.name} did not answer at ${url} within ${limit / 1000} s (${last}).`;
}
