import {
  AccessTokenError,
  type AccessTokenVerifier,
  AuthenticatedRequest,
} from '@countersign/core/resource-server';
import { endWithToken, isSameHolder } from '../expiry/end-with-token.ts';
import { KeptBeside, type Result } from '../memo/attached-memo.ts';
import type { Transport } from '../transport/transport.ts';
import { watchClosed } from './closed-state.ts';

/**
 * Verifies each request once, however many guards and resolvers ask, and each connection again for every message. What
 * it has verified is its own: the authenticator of another verifier never uses it.
 */
export class Authenticator {
  constructor(
    /** Asked about every credential. */
    readonly verifier: AccessTokenVerifier,
    /** The verifier's clock, by which a connection ends too. */
    private readonly now: () => number = Date.now,
  ) {}

  /** Who is asking, when that can be said at once: with a token that was verified before. */
  findCachedRequest(transport: Transport): AuthenticatedRequest | undefined {
    if (transport.kind === 'rpc' || transport.close) return undefined;
    const { carrier } = transport;
    const known = this.#resultFor(carrier);
    if (known) return known.authenticated;
    const request = transport.request();
    const authenticated = request && this.verifier.findCachedRequest?.(request);
    if (!isAuthenticated(authenticated)) return undefined;
    this.#remember(carrier, undefined).authenticated = authenticated;
    return authenticated;
  }

  /** Verifies who is asking, or remembers it. @throws AccessTokenError, TransportError */
  async authenticate(transport: Transport, optional: boolean): Promise<AuthenticatedRequest | undefined> {
    const authenticated = await this.#authenticated(transport);
    if (authenticated || optional) return authenticated;
    // Without a credential: the verifier says it in its own words.
    await this.verifier.verify({ headers: {} });
    // A verifier that accepts a request without a credential accepts it for no user in particular.
    throw new AccessTokenError('token_missing', 'An access token is required', {
      status: 401,
      challenges: ['Bearer'],
    });
  }

  /** Ends an answer when the token of its request expires. */
  endWithToken(transport: Transport, authenticated: AuthenticatedRequest): void {
    const { answer } = transport;
    if (answer) endWithToken(answer, authenticated, this.#verifying);
  }

  async #authenticated(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const { carrier, close, kind } = transport;
    // Each message of a microservice is verified for itself: a transport may share its context between messages.
    if (kind === 'rpc') return this.#verify(transport);
    const known = this.#resultFor(carrier);
    if (known && close) return this.#verifyAgain(known);
    const result = known ?? this.#remember(carrier, this.#verify(transport));
    try {
      result.authenticated = await (result.pending ?? result.authenticated);
      return result.authenticated;
    } catch (error) {
      // A connection may ask again: the keys may have been unavailable.
      if (close) this.#forget(carrier);
      throw error;
    }
  }

  /** RFC 7519 section 4.1.4: a connection lives longer than its first message, its token may not. */
  async #verifyAgain(result: Result): Promise<AuthenticatedRequest | undefined> {
    const first = await result.pending;
    const authenticated = result.authenticated ?? first;
    if (!authenticated) return undefined;
    const { accessToken, scheme, token, headers } = authenticated;
    const verified = await this.verifier.verifyToken(token);
    if (verified === accessToken) return authenticated;
    // RFC 7662 section 2.2: the issuer's newest answer counts, but a connection never changes its user.
    if (!isSameHolder(verified, accessToken))
      throw new AccessTokenError(
        'invalid_token',
        'The access token was issued for another user than before',
        {
          status: 401,
          challenges: ['Bearer error="invalid_token"'],
        },
      );
    result.authenticated = new AuthenticatedRequest({ scheme, token }, verified, headers);
    return result.authenticated;
  }

  async #verify(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const request = transport.request();
    if (!request) return undefined;
    const state = transport.close && watchClosed(transport);
    const authenticated: unknown = await this.verifier.verifyOptional(request);
    if (authenticated === undefined) return undefined;
    if (!isAuthenticated(authenticated))
      throw new TypeError('verifyOptional() of the verifier has returned no authenticated request');
    const { close: end, onClosed: onEnded, isClosed } = transport;
    const isEnded = () => state?.closed === true || isClosed?.() === true;
    if (end) endWithToken({ end, onEnded, isEnded }, authenticated, this.#verifying);
    return authenticated;
  }

  get #verifying() {
    return { verifier: this.verifier, now: this.now };
  }

  #resultFor(carrier: object): Result | undefined {
    let result = KeptBeside.get(carrier)?.results;
    while (result && result.authenticator !== this) result = result.next;
    return result;
  }

  #remember(carrier: object, pending: Result['pending']): Result {
    const findings = KeptBeside.of(carrier);
    findings.results = {
      authenticator: this,
      pending,
      authenticated: undefined,
      next: findings.results,
    };
    return findings.results;
  }

  #forget(carrier: object): void {
    const findings = KeptBeside.of(carrier);
    if (findings.results?.authenticator === this) findings.results = findings.results.next;
    for (let each = findings.results; each; each = each.next)
      if (each.next?.authenticator === this) each.next = each.next.next;
  }
}

/** Of another copy of the core too: there it is no instance of this copy's class. */
function isAuthenticated(value: unknown): value is AuthenticatedRequest {
  const { accessToken, token } = (value ?? {}) as Partial<AuthenticatedRequest>;
  return typeof token === 'string' && typeof accessToken === 'object' && accessToken !== null;
}
