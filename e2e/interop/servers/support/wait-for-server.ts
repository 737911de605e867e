import type { Service } from '../../../../scripts/lib/processes/process.ts';
import { waitFor } from '../../../../scripts/lib/processes/wait-for.ts';

/** Milliseconds that a server may take to start on a busy machine. */
const limit = 240_000;

/** @throws Error with the last lines of the server's output if it does not respond */
export async function waitForServer(service: Service, url: string): Promise<void> {
  const problem = await waitFor(service, url, limit);
  if (problem !== undefined) throw new Error(`${problem}\n${service.tail(20)}`);
}
