import type { Failure } from '@countersign/testing';

/** Creates a failure of the provider: a JSON response. */
export function createJsonFailure(body: object, status: number): Failure {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
