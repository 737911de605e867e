import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from './process.ts';

/**
 * Waits until a service responds with a status below 500.
 *
 * @returns `undefined` if it responds, otherwise a sentence that describes the problem.
 */
export async function waitFor(service: Service, url: string, limit = 60_000): Promise<string | undefined> {
  const began = Date.now();
  let ended: string | undefined;
  service.ended.then((sentence) => {
    ended = sentence;
  });
  let last = 'no response';
  while (Date.now() - began < limit) {
    if (ended !== undefined) return `${ended} before it responded at ${url}.`;
    try {
      const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) });
      await response.body?.cancel();
      if (response.status < 500) return undefined;
      last = `status ${response.status}`;
    } catch {
      last = 'no response';
    }
    await delay(100);
  }
  return `${service.name} did not respond at ${url} within ${limit / 1000} s (${last}).`;
}
