import {
  type AccessRequirements,
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  TransportError,
} from '@countersign/core/resource-server';
import { Inject, Injectable } from '@nestjs/common';
import { logUnforeseen, refusalOf } from '../errors/unexpected-errors.ts';
import { closeForbidden, closeTryAgainLater, closeUnauthenticated } from '../expiry/end-with-token.ts';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';
import type { NodeRequest } from '../transport/http.ts';
import type { Transport } from '../transport/transport.ts';
import { closerOf, cut, rememberHandshake, websocketTransport } from '../transport/websocket.ts';
import { Authenticator } from './authenticator.ts';

/** What a connection needs besides a valid access token. */
export interface ConnectionOptions {
  /** As the decorators of handlers say it, for example `{ scopes: ['items:read'] }`. Default: a valid token is enough. */
  readonly requirements?: AccessRequirements;
}

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
   * with code 4401 (4403 where the token lacks what is required), or 1013 when the token cannot be verified at the
   * moment. It throws nothing: an unforeseen exception is logged, and closes the connection.
   *
   * @param request the handshake, which Nest hands to `handleConnection` as its second argument
   * @returns `undefined` after it has closed the connection
   * @see RFC 6750 section 2.1, RFC 6455 section 7.4.2
   * @example
   * ```ts
   * async handleConnection(client: WebSocket, request: IncomingMessage) {
   *   await this.connections.authenticate(client, request, { requirements: { scopes: ['items:read'] } });
   * }
   * ```
   */
  async authenticate(
    client: object,
    request?: NodeRequest,
    options: ConnectionOptions = {},
  ): Promise<AuthenticatedRequest | undefined> {
    let transport: Transport | undefined;
    try {
      if (request) rememberHandshake(client, request);
      transport = websocketTransport(client);
      if (!transport) return undefined;
      const authenticated = await this.#authenticator.authenticate(transport, false);
      const { requirements } = options;
      if (authenticated && requirements) this.#verifier.authorize(authenticated, requirements);
      return authenticated;
    } catch (error) {
      closeConnection(client, { error, transport });
      return undefined;
    }
  }

  /** The verifier, for checks of your own: `verifier.authorize(authenticated, { scopes: ['items:read'] })`. */
  get verifier(): AccessTokenVerifier {
    return this.#verifier;
  }
}

/** Nest does not handle what a connection hook throws, and then the process ends. */
function closeConnection(
  client: object,
  { error, transport }: { readonly error: unknown; readonly transport: Transport | undefined },
): void {
  try {
    const refusal = refusalOf(error, { name: 'Connection', transport });
    const [code, reason] =
      refusal instanceof TransportError
        ? ([closeTryAgainLater, 'Try again later'] as const)
        : ([refusal.status === 403 ? closeForbidden : closeUnauthenticated, refusal.message] as const);
    (transport?.close ?? closerOf(client))(code, reason);
  } catch (failure) {
    logUnforeseen(failure, { name: 'End of a connection' });
    cut(client);
  }
}
