import { parseApplicationJson } from '@countersign/core/browser';

/** The session as the browser knows it; it never holds a token. */
export interface ClientSession {
  readonly user: {
    readonly iss: string;
    readonly sub: string;
    readonly name?: string;
    readonly email?: string;
    readonly [claim: string]: unknown;
  };
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SessionSnapshot {
  readonly session: ClientSession | undefined;
  readonly status: 'loading' | 'signed-in' | 'signed-out';
}

export const snapshotOf = (session: ClientSession | null | undefined): SessionSnapshot =>
  session ? { session, status: 'signed-in' } : { session: undefined, status: 'signed-out' };

/**
 * Asks the server who is signed in. Anything but a well-formed answer means that nobody is.
 *
 * @throws Error when the server cannot say it now: it answered with a status of 500 or above
 */
export async function fetchSession(url: string): Promise<ClientSession | undefined> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    cache: 'no-store',
    credentials: 'same-origin',
  });
  if (response.status >= 500) throw new Error(`${url} answered with status ${response.status}`);
  if (!response.ok) return undefined;
  const body = parseApplicationJson(await response.text()) as { session?: ClientSession | null };
  return typeof body.session?.user?.sub === 'string' ? body.session : undefined;
}
