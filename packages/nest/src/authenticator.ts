import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/api';
import type { ArgumentsHost } from '@nestjs/common';
import { type Kept, KeptBeside } from './kept-beside.ts';
import { transportOf } from './transport/index.ts';
import type { Transport } from './transport/transport.ts';

/** What was verified for this request or connection; `undefined` for an anonymous one. */
export function authenticatedRequestOf(host: ArgumentsHost): AuthenticatedRequest | undefined {
  const transport = transportOf(host);
  return transport && known(KeptBeside.get(transport.carrier));
}

const known = (kept: Kept | undefined): AuthenticatedRequest | undefined =>
  kept instanceof AuthenticatedRequest ? kept : undefined;

/** Milliseconds that a timer can wait at most. */
const longestTimer = 2_147_483_647;

/** Verifies each request once, however many guards and resolvers ask, and each connection again for every message. */
export class Authenticator {
  constructor(
    private readonly verifier: AccessTokenVerifier,
    /** The verifier's clock, by which a connection ends too. */
    private readonly now: () => number = Date.now,
  ) {}

  /** Who is asking, when that can be said at once: with a token that was verified before. */
  recall(transport: Transport): AuthenticatedRequest | undefined {
    if (transport.kind === 'rpc' || transport.close) return undefined;
    const { carrier } = transport;
    const kept = KeptBeside.get(carrier);
    if (kept) return known(kept);
    try {
      const request = transport.request();
      const authenticated = request && this.verifier.recall?.(request);
      if (authenticated) KeptBeside.add(carrier, authenticated);
      return authenticated;
    } catch {
      // What is wrong with the request, `authenticate` says.
      return undefined;
    }
  }

  /** Verifies who is asking, or remembers it. @throws AccessTokenError, TransportError */
  async authenticate(transport: Transport, optional: boolean): Promise<AuthenticatedRequest | undefined> {
    const authenticated = await this.#authenticated(transport);
    if (authenticated || optional) return authenticated;
    // Nobody is there: the verifier says it in its own words.
    return this.verifier.verify({ headers: {} });
  }

  async #authenticated(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const { carrier, close, kind } = transport;
    // Each message of a microservice is verified for itself: a transport may share its context between messages.
    const kept = kind === 'rpc' ? undefined : KeptBeside.get(carrier);
    if (kept && close) {
      const authenticated = await kept;
      // RFC 7519 section 4.1.4: a connection lives longer than its first message, its token may not.
      if (authenticated) await this.verifier.verifyToken(authenticated.token);
      return authenticated;
    }
    const pending = kept ?? this.#verify(transport);
    if (!kept) KeptBeside.set(carrier, pending);
    try {
      const authenticated = await pending;
      if (authenticated) KeptBeside.set(carrier, authenticated);
      return authenticated;
    } catch (error) {
      // A connection may ask again: the keys may have been out of reach.
      if (close) KeptBeside.set(carrier, undefined);
      throw error;
    }
  }

  async #verify(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const request = transport.request();
    if (!request) return undefined;
    const authenticated = await this.verifier.verifyOptional(request);
    const expiresAt = authenticated?.accessToken.expiresAt;
    if (expiresAt !== undefined && transport.close) closeAtExpiry(transport, expiresAt * 1000 - this.now());
    return authenticated;
  }
}

/** @param left milliseconds until the token expires */
function closeAtExpiry({ close, onClosed }: Transport, left: number): void {
  if (left > longestTimer) return;
  const timer = setTimeout(() => close?.(4401, 'The access token has expired'), Math.max(left, 0)).unref();
  // A timer holds on to its connection, and most connections end long before their token.
  onClosed?.(() => clearTimeout(timer));
}
