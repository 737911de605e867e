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
  /** Seconds since the epoch at which the session ends if it is not used again. */
  readonly expiresAt: number;
  /** Seconds since the epoch at which the session ends even if it is in use. */
  readonly endsAt: number;
  /** Data of the application, see `auth.updateSession()`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface SessionSnapshot {
  /** `undefined` if the user is not signed in, or while the session is loading. */
  readonly session: ClientSession | undefined;
  readonly status: 'loading' | 'signed-in' | 'signed-out';
}

/** A snapshot, and how far the clock of the server is ahead of the browser's, in seconds. */
export interface TimedSnapshot extends SessionSnapshot {
  readonly clockOffset: number;
}

export const toSnapshot = (session: ClientSession | null | undefined, clockOffset = 0): TimedSnapshot =>
  session
    ? { session, status: 'signed-in', clockOffset }
    : { session: undefined, status: 'signed-out', clockOffset };

/** Seconds until a time of the server, at least 0. */
export const getSecondsUntil = (time: number, clockOffset: number): number =>
  Math.max(0, Math.ceil(time - clockOffset - Date.now() / 1000));

/**
 * Finds how far the clock of the server is ahead. The server has read its clock between the request and the response, and
 * a computer can sleep in between. A possible known value is kept. Otherwise the result is the middle of the possible values.
 */
function findClockOffset(
  serverTime: number,
  { sentAt, receivedAt, known }: { sentAt: number; receivedAt: number; known: number },
): number {
  const [least, most] = [serverTime - receivedAt, serverTime - sentAt];
  // One second of tolerance: the server may round its time.
  return known >= least - 1 && known <= most + 1 ? known : (least + most) / 2;
}

/**
 * Fetches the session from the server. A malformed response counts as signed out.
 *
 * @param knownOffset the clock offset of the previous snapshot, in seconds. Default: 0
 * @throws Error if the status is not 200 (for example an error of a gateway), because it is then unknown whether the user is
 *   signed in
 */
export async function fetchSnapshot(url: string, knownOffset = 0): Promise<TimedSnapshot> {
  const sentAt = Date.now() / 1000;
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    cache: 'no-store',
    credentials: 'same-origin',
  });
  if (response.status !== 200) throw new Error(`${url} returned status ${response.status}.`);
  const body = parseApplicationJson(await response.text()) as {
    session?: ClientSession | null;
    now?: number;
  };
  const isSignedIn = typeof body.session?.user?.sub === 'string';
  const times = { sentAt, receivedAt: Date.now() / 1000, known: knownOffset };
  const clockOffset = typeof body.now === 'number' ? findClockOffset(body.now, times) : 0;
  return toSnapshot(isSignedIn ? body.session : undefined, clockOffset);
}
