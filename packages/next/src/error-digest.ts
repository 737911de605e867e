import { AuthError } from '@countersign/core';

/** Runs a function of a page. Its errors get a digest. */
export async function withDigest<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw addDigest(error);
  }
}

/**
 * Sets the code of an error as its digest. In production, `error.tsx` receives only the digest of an error that a page throws,
 * and Next retains a digest that is set. The code contains no secret.
 *
 * @returns the same error
 */
function addDigest(error: unknown): unknown {
  return error instanceof AuthError && !('digest' in error)
    ? Object.assign(error, { digest: error.code })
    : error;
}
