import type { KeyObject, VerifyKeyObjectInput } from 'node:crypto';
import { getNodeCrypto } from './node-crypto.ts';

/** An RSA signature to verify. */
interface RsaSignature {
  readonly digest: string;
  readonly data: Uint8Array;
  /** A plain key object if there are no parameters, because it is faster. */
  readonly key: KeyObject | VerifyKeyObjectInput;
  readonly signature: Uint8Array;
}

interface PendingVerification extends RsaSignature {
  resolve(isValid: boolean): void;
  reject(error: unknown): void;
}

/** Minimum size of a batch that is verified on other threads. Smaller batches are faster on this thread. */
const minThreadedBatch = 16;

// A copy, so that a test with fake timers does not stop verification.
const { setImmediate } = globalThis;

let pending: PendingVerification[] = [];
let hasThreads: boolean | undefined;

/**
 * Verifies an RSA signature in one batch with the others of this event loop iteration. A small batch is verified on this
 * thread, because switching threads costs more. A large batch is verified on all cores.
 */
export function verifyRsaInBatch(signature: RsaSignature): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (pending.push({ ...signature, resolve, reject }) === 1) setImmediate(verifyPending);
  });
}

function verifyPending(): void {
  const batch = pending;
  pending = [];
  hasThreads ??= process.getBuiltinModule('node:os').availableParallelism() > 1;
  const verify = hasThreads && batch.length >= minThreadedBatch ? verifyOnThreadPool : verifySynchronously;
  for (const verification of batch) verify(verification);
}

function verifySynchronously({ digest, data, key, signature, resolve, reject }: PendingVerification): void {
  try {
    resolve(getNodeCrypto().verify(digest, data, key, signature));
  } catch (error) {
    reject(error);
  }
}

function verifyOnThreadPool({ digest, data, key, signature, resolve, reject }: PendingVerification): void {
  try {
    getNodeCrypto().verify(digest, data, key, signature, (error, isValid) =>
      error ? reject(error) : resolve(isValid),
    );
  } catch (error) {
    reject(error);
  }
}
