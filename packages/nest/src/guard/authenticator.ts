import {
  type AccessRequirements,
  AccessTokenError,
  type AccessTokenVerifier,
  AuthenticatedRequest,
  type ResourceRequest,
  type VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { closeUnauthenticated } from '../expiry/close-codes.ts';
import { endWithToken, isSameHolder, type VerificationOptions } from '../expiry/end-with-token.ts';
import {
  addVerification,
  type ConnectionState,
  deleteVerification,
  findConnectionState,
  findVerification,
  type RunningSubscription,
  trackConnection,
  type Verification,
} from '../memo/guard-memo.ts';
import type { Transport } from '../transport/transport.ts';

/** The count of subscriptions with requirements up to which the token of a connection can be renewed. */
const maxSubscriptions = 1000;

/**
 * Verifies each request once, even with several guards and resolvers, and each connection again for every message. An
 * authenticator never uses the results of another one, which has another verifier.
 */
export class Authenticator {
  constructor(
    /** Verifies every credential. */
    readonly verifier: AccessTokenVerifier,
    /** The verifier's clock: milliseconds since the epoch. It also decides when connections end. */
    private readonly now: () => number = Date.now,
  ) {}

  /** Finds a request whose token was verified before. Returns `undefined` if `authenticate()` must decide. */
  findCachedRequest(transport: Transport): AuthenticatedRequest | undefined {
    if (transport.kind === 'rpc' || transport.close || transport.isReusable) return undefined;
    const verification = findVerification(transport, this);
    if (verification) return verification.authenticated;
    const request = transport.request();
    const authenticated = request && this.verifier.findCachedRequest?.(request);
    if (!isAuthenticatedRequest(authenticated)) return undefined;
    addVerification(transport, this, undefined).authenticated = authenticated;
    return authenticated;
  }

  /**
   * Verifies a request, which must have a valid token.
   *
   * @throws AccessTokenError, TransportError
   */
  async authenticate(transport: Transport): Promise<AuthenticatedRequest> {
    const authenticated = await this.authenticateOptional(transport);
    if (authenticated) return authenticated;
    // The verifier creates the error for a missing credential.
    await this.verifier.verify({ headers: {} });
    // A custom verifier may accept a request without a credential. The request still has no user.
    throw new AccessTokenError('token_missing', 'An access token is required', {
      status: 401,
      challenges: ['Bearer'],
    });
  }

  /**
   * Verifies a request. Returns `undefined` if it has no credential.
   *
   * @throws AccessTokenError, TransportError
   */
  async authenticateOptional(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    // Each message of a microservice is verified separately: a custom transport may share a context between messages.
    if (transport.kind === 'rpc') return this.#verify(transport);
    if (transport.close) return this.#authenticateConnection(transport);
    const previous = transport.isReusable ? findVerification(transport, this) : undefined;
    return previous ? this.#verifyAgain(previous) : this.#verifyOnce(transport);
  }

  /**
   * Verifies a message of a connection. A client can send messages while the connection is authenticated, and after it was
   * closed: a close frame does not stop the client (RFC 6455 section 1.4).
   */
  async #authenticateConnection(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const state = trackConnection(transport);
    requireOpen(state);
    const previous = findVerification(transport, this);
    const authenticated = await (previous ? this.#verifyAgain(previous) : this.#verifyOnce(transport));
    requireOpen(state);
    if (authenticated) this.#checkRequirements(authenticated, state);
    return authenticated;
  }

  #checkRequirements(authenticated: AuthenticatedRequest, state: ConnectionState | undefined): void {
    for (const { authenticator, requirements } of state?.requirements ?? [])
      if (authenticator === this) this.verifier.authorize(authenticated, requirements);
  }

  async #verifyOnce(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const previous = findVerification(transport, this);
    const verification = previous ?? addVerification(transport, this, this.#verify(transport));
    try {
      verification.authenticated = await (verification.pending ?? verification.authenticated);
      // The handshake may be unknown: a plain WebSocket shows it only to `authenticate()`, which may be called later.
      if (transport.close && !verification.authenticated) this.#forget(transport, verification);
      return verification.authenticated;
    } catch (error) {
      // A connection can be verified again later: the keys may have been unavailable.
      if (transport.close) this.#forget(transport, verification);
      throw error;
    }
  }

  /** Deletes a verification, unless a message has already started another one. */
  #forget(transport: Transport, verification: Verification): void {
    if (findVerification(transport, this) === verification) deleteVerification(transport, this);
  }

  /** Ends the response stream of a request when its token expires. */
  endWithToken({ responseStream }: Transport, authenticated: AuthenticatedRequest): void {
    if (responseStream) endWithToken(responseStream, authenticated, this.#verificationOptions);
  }

  /** RFC 7519 section 4.1.4: a connection outlives its first message, but must not outlive its token. */
  async #verifyAgain(verification: Verification): Promise<AuthenticatedRequest | undefined> {
    const first = await verification.pending;
    const authenticated = verification.authenticated ?? first;
    if (!authenticated) return undefined;
    const { accessToken, scheme, token, headers } = authenticated;
    const verified = await this.verifier.verifyToken(token);
    if (verified === accessToken) return authenticated;
    // RFC 7662 section 2.2: the latest response of the issuer applies, but a connection never changes its user.
    if (!isSameHolder(verified, accessToken))
      throw new AccessTokenError('invalid_token', 'The user of the access token has changed', {
        status: 401,
        challenges: ['Bearer error="invalid_token"'],
      });
    const latest = new AuthenticatedRequest({ scheme, token }, verified, headers);
    // The client may have renewed the token during the verification.
    if ((verification.authenticated ?? first) === authenticated) verification.authenticated = latest;
    return latest;
  }

  async #verify(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const request = transport.request();
    if (!request) return undefined;
    const state = transport.close && trackConnection(transport);
    const authenticated: unknown = await this.verifier.verifyOptional(request);
    if (authenticated === undefined) {
      confirmHolder(transport, state, undefined);
      return undefined;
    }
    if (!isAuthenticatedRequest(authenticated))
      throw new TypeError(
        'verifyOptional() of the verifier returned a value that is not an AuthenticatedRequest; ' +
          'return an AuthenticatedRequest, or undefined for a request without a credential',
      );
    confirmHolder(transport, state, authenticated.accessToken);
    const { close, onClosed: onEnded, isClosed } = transport;
    if (close && state) {
      const isEnded = () => state.closed || state.ended || isClosed?.() === true;
      const end: typeof close = (code, reason) => {
        state.ended = true;
        close(code, reason);
      };
      const expiry = endWithToken({ end, onEnded, isEnded }, authenticated, this.#verificationOptions);
      const verification = findVerification(transport, this);
      if (verification) verification.expiry = expiry;
    }
    return authenticated;
  }

  /** Adds requirements that each token of a connection must meet. Call it before the connection is authenticated. */
  requireForConnection(transport: Transport, requirements: AccessRequirements): void {
    trackConnection(transport).requirements.push({ authenticator: this, requirements });
  }

  /**
   * Replaces the token of a connection, which then closes at the expiry of the new token. If the new token is rejected, the
   * connection and its token do not change.
   *
   * @throws AccessTokenError, TransportError
   */
  async renew(transport: Transport, request: ResourceRequest): Promise<AuthenticatedRequest> {
    if (!findVerification(transport, this)) await this.authenticate(transport);
    const verification = findVerification(transport, this);
    if (!verification) throw createTokenError('The connection is not authenticated');
    // Renewals run in sequence: the last token that the client sent applies.
    const previous = verification.renewal;
    const renewal = (async () => {
      await previous;
      return this.#replaceToken(verification, request, findConnectionState(transport));
    })();
    verification.renewal = renewal.catch(() => {});
    return renewal;
  }

  /**
   * Adds a subscription, which continues after a renewal of the token only if the new token is also allowed.
   *
   * @returns the current token of the connection, if the client has renewed it during the check of the subscription
   */
  addSubscription(
    transport: Transport,
    authenticated: AuthenticatedRequest,
    subscription: Pick<RunningSubscription, 'check' | 'isRunning'>,
  ): AuthenticatedRequest | undefined {
    const state = trackConnection(transport);
    state.subscriptions = state.subscriptions.filter(({ isRunning }) => isRunning());
    // One more than the limit stays in the list, and rejects each renewal.
    if (state.subscriptions.length <= maxSubscriptions)
      state.subscriptions.push({ authenticator: this, ...subscription });
    const current = findVerification(transport, this)?.authenticated;
    return current === authenticated ? undefined : current;
  }

  async #checkSubscriptions(next: AuthenticatedRequest, state: ConnectionState | undefined): Promise<void> {
    const checked = new Set<RunningSubscription>();
    const findNext = () =>
      state?.subscriptions.find(
        (each) => each.authenticator === this && each.isRunning() && !checked.has(each),
      );
    if (state && state.subscriptions.length > maxSubscriptions)
      throw createTokenError(
        'The connection has too many subscriptions. Connect again with the access token',
      );
    // Another subscription may start during a check.
    for (let each = findNext(); each; each = findNext()) {
      await each.check(next);
      checked.add(each);
    }
  }

  async #replaceToken(
    verification: Verification,
    request: ResourceRequest,
    state: ConnectionState | undefined,
  ): Promise<AuthenticatedRequest> {
    const first = await verification.pending;
    const current = verification.authenticated ?? first;
    if (!current) throw createTokenError('The connection has no user. Connect again with the access token');
    const next = await this.verifier.verify(request);
    if (!isAuthenticatedRequest(next)) throw createTokenError('The access token could not be verified');
    if (!isSameConnectionHolder(next.accessToken, current.accessToken))
      throw createTokenError('The access token is of another user or client than the connection');
    this.#checkRequirements(next, state);
    await this.#checkSubscriptions(next, state);
    if (state?.ended || !verification.expiry?.replaceToken(next)) throw createEndedError();
    verification.authenticated = next;
    return next;
  }

  get #verificationOptions(): VerificationOptions {
    return { verifier: this.verifier, now: this.now };
  }
}

/** Closes a connection that has the rooms of another user. */
function confirmHolder(
  transport: Transport,
  state: ConnectionState | undefined,
  accessToken: VerifiedAccessToken | undefined,
): void {
  if (!state || transport.confirmHolder?.(accessToken) !== false) return;
  state.ended = true;
  const error = createTokenError('The connection continues that of another user. Connect again');
  transport.close?.(closeUnauthenticated, error.message);
  throw error;
}

function requireOpen({ ended }: ConnectionState): void {
  if (ended) throw createEndedError();
}

/** Creates the rejection of a message of a connection that this package has closed. */
export const createEndedError = (): AccessTokenError => createTokenError('The connection has ended');

const createTokenError = (description: string): AccessTokenError =>
  new AccessTokenError('invalid_token', description, {
    status: 401,
    challenges: ['Bearer error="invalid_token"'],
  });

/** A connection belongs to one user and one client: messages are processed with the rights of both. */
const isSameConnectionHolder = (one: VerifiedAccessToken, other: VerifiedAccessToken): boolean =>
  isSameHolder(one, other) && one.kind === other.kind && one.clientId === other.clientId;

/** Not `instanceof`: the request may be an instance of another copy of core. */
function isAuthenticatedRequest(value: unknown): value is AuthenticatedRequest {
  const { accessToken, token } = (value ?? {}) as Partial<AuthenticatedRequest>;
  return typeof token === 'string' && typeof accessToken === 'object' && accessToken !== null;
}
