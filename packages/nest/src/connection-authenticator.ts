import { type AccessTokenVerifier, AuthError, type AuthenticatedRequest } from '@countersign/core/api';
import { Inject, Injectable } from '@nestjs/common';
import { Authenticator } from './authenticator.ts';
import { ACCESS_TOKEN_VERIFIER } from './tokens.ts';
import type { NodeRequest } from './transport/http.ts';
import { rememberHandshake, websocketTransport } from './transport/websocket.ts';

/**
 * Authenticates a WebSocket when it connects. Call it first in `handleConnection(client, request)` of a gateway:
 * a connection without a valid token is closed, and every other when its token expires.
 *
 * With plain WebSockets it is needed, since only here the handshake can be seen. With socket.io messages are guarded
 * without it, but a client that is never heard would stay connected.
 */
@Injectable()
export class ConnectionAuthenticator {
  readonly #authenticator: Authenticator;
  readonly #verifier: AccessTokenVerifier;

  constructor(
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier,
  ) {
    this.#authenticator = authenticator;
    this.#verifier = verifier;
  }

  /**
   * Verifies the credential of the handshake. A connection that is refused is closed: with socket.io by the server, else
   * with code 4401, or 1013 when the token cannot be verified at the moment.
   *
   * @param request the handshake, which Nest hands to `handleConnection` as its second argument
   * @returns `undefined` after it has closed the connection
   * @see RFC 6750 section 2.1, RFC 6455 section 7.4.2
   */
  async authenticate(client: object, request?: NodeRequest): Promise<AuthenticatedRequest | undefined> {
    if (request) rememberHandshake(client, request);
    const transport = websocketTransport(client);
    try {
      if (transport) return await this.#authenticator.authenticate(transport, false);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      const outage = error.name === 'TransportError';
      transport?.close?.(outage ? 1013 : 4401, outage ? 'Try again later' : error.message);
    }
    return undefined;
  }

  /** The verifier, for checks of your own: `verifier.authorize(authenticated, { scopes: ['items:read'] })`. */
  get verifier(): AccessTokenVerifier {
    return this.#verifier;
  }
}
