import {
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  TransportError,
} from '@countersign/core/resource-server';
import { isInstance, logUnforeseen } from '../errors/unexpected-errors.ts';
import type { LongAnswer } from '../transport/transport.ts';

/** The code with which a WebSocket is closed when its token is not valid any more; 4000 to 4999 are for applications. */
export const closeUnauthenticated = 4401;
/** The token is valid, and does not allow what was asked for. */
export const closeForbidden = 4403;
/** "Try again later". @see https://www.iana.org/assignments/websocket */
export const closeTryAgainLater = 1013;

/** Milliseconds that one timer can wait at most. */
const longestTimer = 2_147_483_647;

/** Milliseconds after which a token without an end of its own is verified again. */
const verifyAgainAfter = 30_000;

interface Verifying {
  readonly verifier: AccessTokenVerifier;
  /** Milliseconds since the epoch, by the verifier's clock. */
  readonly now: () => number;
}

/**
 * Ends a connection or a long answer with its token: when the token expires by the verifier's clock. A token that has
 * no end of its own is verified again in regular intervals, so that the connection ends when its issuer revokes it.
 *
 * @see RFC 7519 section 4.1.4, RFC 7662 section 4
 */
export function endWithToken(
  { end, onEnded, isEnded }: LongAnswer,
  authenticated: AuthenticatedRequest,
  { verifier, now }: Verifying,
): void {
  // What has ended says so once only, and a timer would watch it for ever.
  if (isEnded?.()) return;
  let stop = () => {};
  let ended = false;
  const finish = (code: number, reason: string) => {
    ended = true;
    try {
      end(code, reason);
    } catch (error) {
      // What a timer throws would end the process.
      logUnforeseen(error, { name: 'End of a connection' });
    }
  };
  const wait = (milliseconds: number, then: () => void) => {
    stop = startTimer(milliseconds, then);
  };
  const waitFor = (expiresAt: number | undefined) => {
    if (expiresAt === undefined) wait(verifyAgainAfter, () => void verifyAgain());
    else wait(expiresAt * 1000 - now(), () => finish(closeUnauthenticated, 'The access token has expired'));
  };
  const verifyAgain = async () => {
    try {
      const { accessToken } = authenticated;
      const verified = await verifier.verifyToken(authenticated.token);
      if (ended) return;
      if (!isSameHolder(verified, accessToken))
        return finish(closeUnauthenticated, 'The access token is not valid any more');
      waitFor(verified.expiresAt);
    } catch (error) {
      if (ended) return;
      // The token may be good: the client can connect again, and then it is asked for.
      if (isInstance(error, TransportError)) finish(closeTryAgainLater, 'Try again later');
      else finish(closeUnauthenticated, 'The access token is not valid any more');
    }
  };
  // A timer holds on to its connection, and most connections end long before their token.
  onEnded?.(() => {
    ended = true;
    stop();
  });
  waitFor(authenticated.accessToken.expiresAt as number | undefined);
}

/** Identity is `iss` and `sub`: what was begun for one user is never continued for another. */
export function isSameHolder(
  one: AuthenticatedRequest['accessToken'],
  other: AuthenticatedRequest['accessToken'],
): boolean {
  return one.issuer === other.issuer && one.sub === other.sub;
}

/** A timer for any time, also one that is longer than the platform's timers can wait. @returns stops it */
export function startTimer(milliseconds: number, callback: () => void): () => void {
  let left = Math.max(milliseconds, 0);
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const part = Math.min(left, longestTimer);
    left -= part;
    timer = setTimeout(left > 0 ? wait : callback, part).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
