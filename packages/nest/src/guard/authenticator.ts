import {
  type AccessRequirements,
  AccessTokenError,
  type AccessTokenVerifier,
  AuthenticatedRequest,
  type ResourceRequest,
} from '@countersign/core/resource-server';
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
import {
  confirmHolder,
  createEndedError,
  createTokenError,
  isSameConnectionHolder,
  requireOpen,
} from './connection-checks.ts';
import { waitForToken, waitForVerification } from './waiting-messages.ts';

/** The count of running subscriptions with requirements up to which the token of a connection can be renewed. */
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
    if (verification) return verification.authenticatedRequest;
    const request = transport.request();
    const authenticatedRequest = request && this.verifier.findCachedRequest?.(request);
    if (!isAuthenticatedRequest(authenticatedRequest)) return undefined;
    addVerification(transport, this, undefined).authenticatedRequest = authenticatedRequest;
    return authenticatedRequest;
  }

  /**
   * Verifies a request, which must have a valid token.
   *
   * @throws AccessTokenError, TransportError
   */
  async authenticate(transport: Transport): Promise<AuthenticatedRequest> {
    const authenticatedRequest = await this.authenticateOptional(transport);
    if (authenticatedRequest) return authenticatedRequest;
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
    return previous ? this.#verifyAgain(previous, transport) : this.#verifyOnce(transport);
  }

  /**
   * Verifies a message of a connection. A client can send messages while the connection is authenticated, and after it was
   * closed: a close frame does not stop the client (RFC 6455 section 1.4).
   */
  async #authenticateConnection(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const state = trackConnection(transport);
    requireOpen(state);
    const previous = findVerification(transport, this);
    if (previous && !previous.authenticatedRequest) await waitForToken(transport, previous.pending);
    requireOpen(state);
    const authenticatedRequest = await (previous
      ? this.#verifyAgain(previous, transport)
      : this.#verifyOnce(transport));
    requireOpen(state);
    if (authenticatedRequest) this.#checkRequirements(authenticatedRequest, state);
    return authenticatedRequest;
  }

  #checkRequirements(authenticatedRequest: AuthenticatedRequest, state: ConnectionState | undefined): void {
    for (const { authenticator, requirements } of state?.requirements ?? [])
      if (authenticator === this) this.verifier.authorize(authenticatedRequest, requirements);
  }

  async #verifyOnce(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const previous = findVerification(transport, this);
    const verification = previous ?? addVerification(transport, this, this.#verify(transport));
    try {
      verification.authenticatedRequest = await (verification.pending ?? verification.authenticatedRequest);
      // The handshake may be unknown: a plain WebSocket shows it only to `authenticate()`, which may be called later.
      if (transport.close && !verification.authenticatedRequest)
        this.#deleteIfCurrent(transport, verification);
      return verification.authenticatedRequest;
    } catch (error) {
      // A connection can be verified again later: the keys may have been unavailable.
      if (transport.close) this.#deleteIfCurrent(transport, verification);
      throw error;
    }
  }

  /** Deletes a verification, unless a message has already started another one. */
  #deleteIfCurrent(transport: Transport, verification: Verification): void {
    if (findVerification(transport, this) === verification) deleteVerification(transport, this);
  }

  /** Ends the response stream of a request when its token expires. */
  endWithToken({ responseStream }: Transport, authenticatedRequest: AuthenticatedRequest): void {
    if (responseStream) endWithToken(responseStream, authenticatedRequest, this.#verificationOptions);
  }

  /** RFC 7519 section 4.1.4: a connection outlives its first message, but must not outlive its token. */
  async #verifyAgain(
    verification: Verification,
    transport: Transport,
  ): Promise<AuthenticatedRequest | undefined> {
    const first = await verification.pending;
    const authenticatedRequest = verification.authenticatedRequest ?? first;
    if (!authenticatedRequest) return undefined;
    const { accessToken, scheme, token, headers } = authenticatedRequest;
    const pending = this.verifier.verifyToken(token);
    if (transport.close) {
      await waitForVerification(transport, pending);
      requireOpen(trackConnection(transport));
    }
    const verifiedRequest = await pending;
    if (verifiedRequest === accessToken) return authenticatedRequest;
    // RFC 7662 section 2.2: the latest response of the issuer applies, but a connection never changes its user.
    if (!isSameHolder(verifiedRequest, accessToken))
      throw new AccessTokenError('invalid_token', 'The user of the access token has changed', {
        status: 401,
        challenges: ['Bearer error="invalid_token"'],
      });
    const latest = new AuthenticatedRequest({ scheme, token }, verifiedRequest, headers);
    // The client may have renewed the token during the verification.
    if ((verification.authenticatedRequest ?? first) === authenticatedRequest)
      verification.authenticatedRequest = latest;
    return latest;
  }

  async #verify(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const request = transport.request();
    if (!request) return undefined;
    const state = transport.close && trackConnection(transport);
    const release = transport.hold?.();
    let authenticatedRequest: unknown;
    try {
      authenticatedRequest = await this.verifier.verifyOptional(request);
    } finally {
      release?.();
    }
    if (authenticatedRequest === undefined) {
      confirmHolder(transport, state, undefined);
      return undefined;
    }
    if (!isAuthenticatedRequest(authenticatedRequest))
      throw new TypeError(
        'verifyOptional() of the verifier returned a value that is not an AuthenticatedRequest; ' +
          'return an AuthenticatedRequest, or undefined for a request without a credential',
      );
    confirmHolder(transport, state, authenticatedRequest.accessToken);
    const { close, onClosed: onEnded, isClosed } = transport;
    if (close && state) {
      const isEnded = () => state.isClosed || state.isEnded || isClosed?.() === true;
      const end: typeof close = (code, reason) => {
        state.isEnded = true;
        close(code, reason);
      };
      const expiry = endWithToken({ end, onEnded, isEnded }, authenticatedRequest, this.#verificationOptions);
      const verification = findVerification(transport, this);
      if (verification) verification.expiry = expiry;
    }
    return authenticatedRequest;
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
    authenticatedRequest: AuthenticatedRequest,
    subscription: Pick<RunningSubscription, 'check' | 'isRunning'>,
  ): AuthenticatedRequest | undefined {
    const state = trackConnection(transport);
    state.subscriptions = state.subscriptions.filter(({ isRunning }) => isRunning());
    // Subscriptions beyond the list may continue longer than those in the list, so the connection keeps its token.
    if (state.subscriptions.length === maxSubscriptions) state.hasUnlistedSubscriptions = true;
    else state.subscriptions.push({ authenticator: this, ...subscription });
    const current = findVerification(transport, this)?.authenticatedRequest;
    return current === authenticatedRequest ? undefined : current;
  }

  async #checkSubscriptions(next: AuthenticatedRequest, state: ConnectionState | undefined): Promise<void> {
    const checkedSubscriptions = new Set<RunningSubscription>();
    const findNext = () => {
      if (state?.hasUnlistedSubscriptions)
        throw createTokenError(
          'The connection has had too many subscriptions at the same time. Connect again with the access token',
        );
      return state?.subscriptions.find(
        (each) => each.authenticator === this && each.isRunning() && !checkedSubscriptions.has(each),
      );
    };
    // Another subscription may start during a check.
    for (let each = findNext(); each; each = findNext()) {
      await each.check(next);
      checkedSubscriptions.add(each);
    }
  }

  async #replaceToken(
    verification: Verification,
    request: ResourceRequest,
    state: ConnectionState | undefined,
  ): Promise<AuthenticatedRequest> {
    const first = await verification.pending;
    const current = verification.authenticatedRequest ?? first;
    if (!current) throw createTokenError('The connection has no user. Connect again with the access token');
    const next = await this.verifier.verify(request);
    if (!isAuthenticatedRequest(next)) throw createTokenError('The access token could not be verified');
    if (!isSameConnectionHolder(next.accessToken, current.accessToken))
      throw createTokenError('The access token is of another user or client than the connection');
    this.#checkRequirements(next, state);
    await this.#checkSubscriptions(next, state);
    if (state?.isEnded || !verification.expiry?.replaceToken(next)) throw createEndedError();
    verification.authenticatedRequest = next;
    return next;
  }

  get #verificationOptions(): VerificationOptions {
    return { verifier: this.verifier, now: this.now };
  }
}

/** Not `instanceof`: the request may be an instance of another copy of core. */
function isAuthenticatedRequest(value: unknown): value is AuthenticatedRequest {
  const { accessToken, token } = (value ?? {}) as Partial<AuthenticatedRequest>;
  return typeof token === 'string' && typeof accessToken === 'object' && accessToken !== null;
}
