import { findAccessToken } from '../../tokens/token-set.ts';
import type { BrowserAuthSnapshot } from '../browser-auth-types.ts';
import { findHolder, type StoredTokenSet } from './login-holder.ts';

/** The snapshot of one page, and its listeners. */
export interface SnapshotState {
  snapshot(): BrowserAuthSnapshot;
  subscribe(listener: () => void): () => void;
  publish(next: BrowserAuthSnapshot): void;
  publishTokens(tokens: StoredTokenSet): void;
  publishSignedOut(error?: Error): void;
  /** Publishes an error. It does not end a login. */
  publishError(error: unknown): void;
  /** Resolves at the next change, or after a number of milliseconds. */
  waitForChange(timeout: number): Promise<unknown>;
}

/** @param resource the resource server whose access token `expiresAt` of the snapshot describes */
export function createSnapshotState(resource: string | undefined): SnapshotState {
  const listeners = new Set<() => void>();
  let snapshot: BrowserAuthSnapshot = { status: 'loading' };

  function publish(next: BrowserAuthSnapshot): void {
    snapshot = next;
    for (const listener of listeners) listener();
  }

  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    publish,
    publishTokens(tokens) {
      const expiresAt = findAccessToken(tokens, { resource })?.expiresAt;
      const holder = findHolder(tokens);
      publish({
        status: 'signed-in',
        scopes: tokens.scopes,
        ...(tokens.claims && { claims: tokens.claims }),
        ...(holder && { holder }),
        ...(expiresAt !== undefined && { expiresAt }),
      });
    },
    publishSignedOut: (error) => publish({ status: 'signed-out', ...(error && { error }) }),
    publishError(error) {
      // An attacker can send the page a forged response: a signed-in user remains signed in.
      const status = snapshot.status === 'signed-in' ? 'signed-in' : 'error';
      publish({ ...snapshot, status, error: error instanceof Error ? error : new Error('unknown') });
    },
    waitForChange: (timeout) =>
      new Promise((resolve) => {
        const finish = () => resolve(listeners.delete(finish));
        listeners.add(finish);
        setTimeout(finish, timeout);
      }),
  };
}
