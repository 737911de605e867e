import {
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  TransportError,
} from '@countersign/core/resource-server';
import { isInstance, logUnexpectedError } from '../errors/unexpected-errors.ts';
import type { LongLivedStream } from '../transport/transport.ts';
import { closeTryAgainLater, closeUnauthenticated } from './close-codes.ts';

/** The longest delay of a platform timer, in milliseconds. */
const maxTimerDelay = 2_147_483_647;

/** The interval in milliseconds after which a token without an expiry is verified again. */
const reverificationInterval = 30_000;

export interface VerificationOptions {
  readonly verifier: AccessTokenVerifier;
  /** The verifier's clock: milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Ends a connection or a long response when its token expires, by the verifier's clock. A token without an expiry is
 * verified again at regular intervals, so that the connection ends when the issuer revokes the token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-4
 */
export function endWithToken(
  { end, onEnded, isEnded }: LongLivedStream,
  authenticatedRequest: AuthenticatedRequest,
  { verifier, now }: VerificationOptions,
): TokenExpiry {
  // A stream that has ended does not call `onEnded` again, so its timer would never stop.
  if (isEnded?.()) return { replaceToken: () => false };
  let current = authenticatedRequest;
  let stop = () => {};
  let hasEnded = false;
  const finish = (code: number, reason: string) => {
    hasEnded = true;
    try {
      end(code, reason);
    } catch (error) {
      // An exception in a timer would end the process.
      logUnexpectedError(error, { name: 'Connection' });
    }
  };
  const wait = (milliseconds: number, callback: () => void) => {
    stop = startTimer(milliseconds, callback);
  };
  const waitFor = (expiresAt: number | undefined) => {
    if (expiresAt === undefined) wait(reverificationInterval, () => void verifyAgain());
    else wait(expiresAt * 1000 - now(), () => finish(closeUnauthenticated, 'The access token has expired'));
  };
  const verifyAgain = async () => {
    const checkedRequest = current;
    try {
      const { accessToken } = checkedRequest;
      const verifiedToken = await verifier.verifyToken(checkedRequest.token);
      if (hasEnded || checkedRequest !== current) return;
      if (!isSameHolder(verifiedToken, accessToken))
        return finish(closeUnauthenticated, 'The access token is no longer valid');
      waitFor(verifiedToken.expiresAt);
    } catch (error) {
      if (hasEnded || checkedRequest !== current) return;
      // The token may be valid. The client can connect again, and then the token is verified.
      if (isInstance(error, TransportError)) finish(closeTryAgainLater, 'Try again later');
      else finish(closeUnauthenticated, 'The access token is no longer valid');
    }
  };
  // A timer keeps its connection in memory, and most connections end long before their token.
  onEnded?.(() => {
    hasEnded = true;
    stop();
  });
  waitFor(authenticatedRequest.accessToken.expiresAt as number | undefined);
  return {
    replaceToken(next) {
      if (hasEnded) return false;
      stop();
      current = next;
      waitFor(next.accessToken.expiresAt);
      return true;
    },
  };
}

/** The end of a connection or response. */
export interface TokenExpiry {
  /** Moves the end to that of another token. Returns false if the connection or response has ended. */
  replaceToken(next: AuthenticatedRequest): boolean;
}

/** Compares `iss` and `sub`: work that started for one user never continues for another. */
export function isSameHolder(
  one: AuthenticatedRequest['accessToken'],
  other: AuthenticatedRequest['accessToken'],
): boolean {
  return one.issuer === other.issuer && one.sub === other.sub;
}

/**
 * Starts a timer for any delay, including delays that exceed the platform's limit.
 *
 * @returns a function that stops the timer
 */
export function startTimer(milliseconds: number, callback: () => void): () => void {
  let remaining = Math.max(milliseconds, 0);
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const delay = Math.min(remaining, maxTimerDelay);
    remaining -= delay;
    timer = setTimeout(remaining > 0 ? wait : callback, delay).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
