import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto';
import { nodeCrypto } from './node-crypto.ts';

/** One RSA signature to verify. */
export interface RsaCheck {
  readonly digest: string;
  readonly data: Uint8Array;
  /** Bare where there are no parameters: that is faster. */
  readonly key: KeyObject | VerifyKeyObjectInput;
  readonly signature: Uint8Array;
}

interface WaitingCheck extends RsaCheck {
  resolve(valid: boolean): void;
  reject(error: unknown): void;
}

/** From here on, the way to another thread and back is shared by so many that it costs next to nothing. */
const worthOtherThreads = 16;

// Kept, so that a test with a clock of its own does not stop verification.
const { setImmediate } = globalThis;

let waiting: WaitingCheck[] = [];
let otherThreads: boolean | undefined;

/**
 * Verifies an RSA signature together with all others of this turn of the event loop: a few at once, for that is
 * cheaper than the way to another thread and back; many on all cores.
 */
export function verifyRsaInTurn(check: RsaCheck): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (waiting.push({ ...check, resolve, reject }) === 1) setImmediate(verifyWaiting);
  });
}

function verifyWaiting(): void {
  const checks = waiting;
  waiting = [];
  otherThreads ??= process.getBuiltinModule('node:os').availableParallelism() > 1;
  const verify = otherThreads && checks.length >= worthOtherThreads ? verifyElsewhere : verifyAtOnce;
  for (const check of checks) verify(check);
}

function verifyAtOnce({ digest, data, key, signature, resolve, reject }: WaitingCheck): void {
  try {
    resolve(nodeCrypto().verify(digest, data, key, signature));
  } catch (error) {
    reject(error);
  }
}

function verifyElsewhere({ digest, data, key, signature, resolve, reject }: WaitingCheck): void {
  try {
    nodeCrypto().verify(digest, data, key, signature, (error, valid) =>
      error ? reject(error) : resolve(valid),
    );
  } catch (error) {
    reject(error);
  }
}
