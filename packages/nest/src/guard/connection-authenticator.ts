import {
  type AccessRequirements,
  AccessTokenError,
  type AccessTokenVerifier,
  type AuthenticatedRequest,
  type ResourceRequest,
  TransportError,
} from '@countersign/core/resource-server';
import { Inject, Injectable } from '@nestjs/common';
import { toException } from '../errors/exceptions.ts';
import { toRejection } from '../errors/unexpected-errors.ts';
import { closeForbidden, closeTryAgainLater, closeUnauthenticated } from '../expiry/close-codes.ts';
import { ACCESS_TOKEN_VERIFIER } from '../injection-tokens.ts';
import { addAdmission } from '../memo/guard-memo.ts';
import { createGraphqlConnection } from '../transport/graphql/graphql-transport.ts';
import type { NodeRequest } from '../transport/http/node-request.ts';
import type { Transport } from '../transport/transport.ts';
import {
  checkMiddleware,
  createRenewalRequest,
  createWebSocketTransport,
  isClient,
  saveHandshake,
} from '../transport/websocket/websocket-transport.ts';
import { Authenticator } from './authenticator.ts';
import { closeConnection } from './close-connection.ts';

/** Options of `ConnectionAuthenticator.authenticate()`. */
export interface ConnectionOptions {
  /** Requirements of the connection, for example `{ scopes: ['items:read'] }`. Default: a valid token is sufficient. */
  readonly requirements?: AccessRequirements | undefined;
}

/** Options of `ConnectionAuthenticator.renew()`. */
export interface RenewalOptions {
  /**
   * The DPoP proof of the new token, for the method and URL of the handshake. Default: none.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.2
   */
  readonly proof?: string | undefined;
}

/**
 * Authenticates a WebSocket when it connects. Call it first in `handleConnection(client, request)` of a gateway. It
 * closes a connection without a valid token immediately, and every other connection when its token expires.
 *
 * Plain WebSockets require it, because only `handleConnection` receives the handshake. With socket.io the guard verifies
 * messages without it, but a client without a token that sends no message stays connected.
 *
 * @see https://docs.nestjs.com/websockets/gateways#lifecycle-hooks
 * @example
 * ```ts
 * @WebSocketGateway()
 * class ItemsGateway implements OnGatewayConnection {
 *   constructor(private readonly connections: ConnectionAuthenticator) {}
 *
 *   async handleConnection(client: WebSocket, request: IncomingMessage) {
 *     await this.connections.authenticate(client, request);
 *   }
 * }
 * ```
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
   * Verifies the credential of the handshake, and closes the connection if it is rejected. It does not throw.
   *
   * A socket.io client is disconnected. A plain WebSocket is closed with code 4401, with 4403 if the token does not meet
   * the requirements, or with 1013 if the token cannot be verified at the moment. An unexpected exception is logged and
   * closes the connection.
   *
   * @param request the handshake: the second argument of `handleConnection`. Not needed with socket.io
   * @returns `undefined` if the connection was closed
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2
   * @example
   * ```ts
   * async function handleConnection(client: WebSocket, request: IncomingMessage) {
   *   await connections.authenticate(client, request, { requirements: { scopes: ['items:read'] } });
   * }
   * ```
   */
  async authenticate(
    client: object,
    request?: NodeRequest,
    options: ConnectionOptions = {},
  ): Promise<AuthenticatedRequest | undefined> {
    const result = this.#admit(client, request, options);
    if (isObject(client)) addAdmission(client, result);
    return result;
  }

  async #admit(
    client: object,
    request: NodeRequest | undefined,
    { requirements }: ConnectionOptions,
  ): Promise<AuthenticatedRequest | undefined> {
    let transport: Transport | undefined;
    try {
      if (request) saveHandshake(client, request);
      transport = createWebSocketTransport(client);
      if (!transport) return undefined;
      checkMiddleware(client);
      // Before the verification: the guard checks them for each message, including those that the client sends meanwhile.
      if (requirements) this.#authenticator.requireForConnection(transport, requirements);
      return await this.#authenticator.authenticate(transport);
    } catch (error) {
      closeConnection(client, { transport, describe: () => describeRejectedConnection(error, transport) });
      return undefined;
    }
  }

  /**
   * Replaces the access token of an open connection, so that it closes at the expiry of the new token. Call it from a message in which
   * the client sends a token that it has refreshed. The token must be of the same issuer, user and client, and meet the
   * requirements of the connection. If it is rejected, the connection and its previous token do not change.
   *
   * With GraphQL over a WebSocket, call it from a mutation, and pass the value of `@Context()`. A mutation over HTTP has no
   * connection and is rejected.
   *
   * @param client the client of the gateway, or the context of GraphQL
   * @param token the new access token, with or without its scheme. Any other value is rejected
   * @throws `WsException`, in GraphQL `AccessTokenException`: status 401 if the token is rejected, 403 if it does not meet
   *   the requirements of the connection, 503 if it cannot be verified at the moment, or 400 without a connection or text
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-1.5
   * @example
   * ```ts
   * @WebSocketGateway()
   * class ItemsGateway {
   *   constructor(private readonly connections: ConnectionAuthenticator) {}
   *
   *   @SubscribeMessage('token')
   *   async renew(client: WebSocket, token: string) {
   *     const { accessToken } = await this.connections.renew(client, token);
   *     return { event: 'token', data: { expiresAt: accessToken.expiresAt } };
   *   }
   * }
   * ```
   */
  async renew(client: object, token: string, options: RenewalOptions = {}): Promise<AuthenticatedRequest> {
    const transport = findConnection(client);
    let request: ResourceRequest | undefined;
    try {
      if (!transport || typeof token !== 'string')
        throw new AccessTokenError(
          'invalid_request',
          transport
            ? 'The new access token of a connection must be a text'
            : 'A new access token can be sent only on an open WebSocket',
          { status: 400, challenges: [] },
        );
      request = createRenewalRequest(transport, { token, proof: options.proof });
      return await this.#authenticator.renew(transport, request);
    } catch (error) {
      throw await toException(error, {
        // The log of an unexpected exception must not contain the new token, which is not in the handshake.
        transport: transport && { ...transport, request: () => request },
        options: {},
        name: 'ConnectionAuthenticator.renew',
        isVerified: false,
      });
    }
  }

  /**
   * The verifier, for checks of the application: `verifier.authorize(authenticated, { scopes: ['items:read'] })`. In
   * `handleConnection`, an exception closes the connection.
   */
  get verifier(): AccessTokenVerifier {
    return this.#verifier;
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Finds the connection of a client of a gateway, or of a GraphQL context. An HTTP request has none. */
function findConnection(client: object): Transport | undefined {
  if (!isObject(client)) return undefined;
  // Applications store the handshake on a client of `ws` as `request` or `req`, as the context of GraphQL does.
  return isClient(client) ? createWebSocketTransport(client) : createGraphqlConnection(client);
}

/** Describes how a connection is closed whose credential is rejected. */
function describeRejectedConnection(
  error: unknown,
  transport: Transport | undefined,
): readonly [code: number, reason: string] {
  const rejection = toRejection(error, { name: 'Connection', transport });
  return rejection instanceof TransportError
    ? [closeTryAgainLater, 'Try again later']
    : [rejection.status === 403 ? closeForbidden : closeUnauthenticated, rejection.message];
}
