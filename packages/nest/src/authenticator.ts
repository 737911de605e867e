import { type AccessTokenVerifier, AuthenticatedRequest } from '@countersign/core/api';
import { type ArgumentsHost, Inject, Injectable } from '@nestjs/common';
import { KeptBeside } from './kept-beside.ts';
import { ACCESS_TOKEN_VERIFIER } from './tokens.ts';
import { transportOf } from './transport/index.ts';
import type { Transport } from './transport/transport.ts';

export interface Authentication {
  readonly pending: Promise<AuthenticatedRequest | undefined>;
  value?: AuthenticatedRequest | undefined;
}

/** What was verified for this request or connection; `undefined` for an anonymous one. */
export function authenticatedRequestOf(host: ArgumentsHost): AuthenticatedRequest | undefined {
  const transport = transportOf(host);
  return transport && KeptBeside.get(transport.carrier)?.value;
}

/** Milliseconds that a timer can wait at most. */
const longestTimer = 2_147_483_647;

/** Verifies each request once, however many guards and resolvers ask, and each connection again for every message. */
@Injectable()
export class Authenticator {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  /** Who is asking, when that can be said at once: with a token that was verified before. */
  recall({ kind, carrier, close, request }: Transport): AuthenticatedRequest | undefined {
    if (kind === 'rpc' || close) return undefined;
    const known = KeptBeside.get(carrier);
    if (known) return known.value;
    try {
      const asked = request();
      const value = asked && this.#verifier.recall?.(asked);
      if (value) KeptBeside.set(carrier, { pending: Promise.resolve(value), value });
      return value;
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
    return this.#verifier.verify({ headers: {} });
  }

  async #authenticated(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const { carrier, close, kind } = transport;
    // Each message of a microservice is verified for itself: a transport may share its context between messages.
    let authentication = kind === 'rpc' ? undefined : KeptBeside.get(carrier);
    if (authentication && close) {
      const known = await authentication.pending;
      // RFC 7519 section 4.1.4: a connection lives longer than its first message, its token may not.
      if (known) await this.#verifier.verifyToken(known.token);
      return known;
    }
    if (!authentication) {
      authentication = { pending: this.#verify(transport) };
      KeptBeside.set(carrier, authentication);
    }
    try {
      authentication.value = await authentication.pending;
      return authentication.value;
    } catch (error) {
      // A connection may ask again: the keys may have been out of reach.
      if (close) KeptBeside.set(carrier, undefined);
      throw error;
    }
  }

  async #verify(transport: Transport): Promise<AuthenticatedRequest | undefined> {
    const request = transport.request();
    if (!request) return undefined;
    const authenticated = await this.#verifier.verifyOptional(request);
    if (authenticated && transport.close) closeAtExpiry(transport, authenticated);
    return authenticated;
  }
}

function closeAtExpiry({ close, onClosed }: Transport, { accessToken }: AuthenticatedRequest): void {
  const left = accessToken.expiresAt * 1000 - Date.now();
  if (left > longestTimer) return;
  const timer = setTimeout(() => close?.(4401, 'The access token has expired'), Math.max(left, 0)).unref();
  // A timer holds on to its connection, and most connections end long before their token.
  onClosed?.(() => clearTimeout(timer));
}
