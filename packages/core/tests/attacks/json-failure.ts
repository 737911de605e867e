import type { Failure } from '@countersign/testing';

/** Answers with JSON instead of doing anything. */
export function json(body: object, status: number): Failure {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
