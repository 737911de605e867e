import { findAccessToken } from '../../tokens/token-set.ts';
import type { BrowserAuthSnapshot } from '../browser-auth-types.ts';
import { findHolder, type KeptTokenSet } from './login-holder.ts';

/** The snapshot of one page, and who is told of its changes. */
export interface LoginState {
  snapshot(): BrowserAuthSnapshot;
  subscribe(listener: () => void): () => void;
  publish(next: BrowserAuthSnapshot): void;
  publishTokens(tokens: KeptTokenSet): void;
  signedOut(error?: Error): void;
  /** A failure ends no login. */
  failed(error: unknown): void;
  /** Resolved at the next change, or after so many milliseconds. */
  changed(wait: number): Promise<unknown>;
}

/** @param resource the API whose access token the snapshot's `expiresAt` describes */
export function createLoginState(resource: string | undefined): LoginState {
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
    signedOut: (error) => publish({ status: 'signed-out', ...(error && { error }) }),
    failed(error) {
      // A stranger can send the page an answer that was not asked for: a signed-in user stays signed in.
      const status = snapshot.status === 'signed-in' ? 'signed-in' : 'error';
      publish({ ...snapshot, status, error: error instanceof Error ? error : new Error('unknown') });
    },
    changed: (wait) =>
      new Promise((resolve) => {
        const woken = () => resolve(listeners.delete(woken));
        listeners.add(woken);
        setTimeout(woken, wait);
      }),
  };
}
