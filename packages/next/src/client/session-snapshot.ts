import { parseApplicationJson } from '@countersign/core/browser';

/** The session that the browser receives. It contains no token. */
export interface ClientSession {
  /** Claims about the user. `iss` and `sub` together identify the user. */
  readonly user: {
    readonly iss: string;
    readonly sub: string;
    readonly name?: string;
    readonly email?: string;
    readonly [claim: string]: unknown;
  };
  /** The scopes granted at login. */
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Data of the application, see `auth.updateSession()`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SessionSnapshot {
  /** `undefined` if the user is not signed in, or while the session is loading. */
  readonly session: ClientSession | undefined;
  readonly status: 'loading' | 'signed-in' | 'signed-out';
}

export const toSnapshot = (session: ClientSession | null | undefined): SessionSnapshot =>
  session ? { session, status: 'signed-in' } : { session: undefined, status: 'signed-out' };

/**
 * Fetches the session from the server. Returns `undefined` if the user is not signed in, or the response is malformed.
 *
 * @throws Error if the status is 500 or above: it is unknown whether the user is signed in
 */
export async function fetchSession(url: string): Promise<ClientSession | undefined> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    cache: 'no-store',
    credentials: 'same-origin',
  });
  if (response.status >= 500) throw new Error(`${url} returned status ${response.status}.`);
  if (!response.ok) return undefined;
  const body = parseApplicationJson(await response.text()) as { session?: ClientSession | null };
  return typeof body.session?.user?.sub === 'string' ? body.session : undefined;
}
