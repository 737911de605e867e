import type {
  AccessTokenClaims,
  AuthenticatedRequest,
  VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { getAuthenticatedRequest } from '../guard/authenticated-request.ts';
import { findTransport } from '../transport/find-transport.ts';

/** Reads a value of the authenticated request. A handler that injects its user never runs if the user is unknown. */
function readValue<T>(
  context: ExecutionContext,
  pick: (authenticatedRequest: AuthenticatedRequest | undefined) => T,
): T | Promise<T> {
  try {
    return pick(getAuthenticatedRequest(context));
  } catch (error) {
    const reject = findTransport(context)?.reject;
    if (!reject) throw error;
    // Nest does not handle an exception for a `@GrpcStreamCall()`. 13 is INTERNAL.
    reject({ code: 13, details: 'Internal server error' });
    return new Promise(() => {});
  }
}

function readPrincipal(member: keyof VerifiedAccessToken | undefined, context: ExecutionContext) {
  return readValue(context, (authenticatedRequest) => {
    const principal = authenticatedRequest?.accessToken;
    return member === undefined ? principal : principal?.[member];
  });
}

function readClaims(name: (keyof AccessTokenClaims & string) | undefined, context: ExecutionContext) {
  return readValue(context, (authenticatedRequest) => {
    const claims = authenticatedRequest?.accessToken.claims;
    return name === undefined ? claims : claims?.[name];
  });
}

function readBearerToken(_: undefined, context: ExecutionContext) {
  return readValue(context, (authenticatedRequest) => authenticatedRequest?.token);
}

/**
 * Injects the principal: the verified content of the access token, or one member of it. The principal is frozen and does
 * not contain the token. Its times are seconds since the epoch.
 *
 * It is `undefined` only for an anonymous request of an `@OptionalAuth()` handler, and for a `@Public()` handler.
 *
 * @throws InternalServerErrorException if no guard has decided about the handler
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 * @example
 * ```ts
 * @Controller('me')
 * class MeController {
 *   @Get()
 *   read(@Principal() principal: VerifiedAccessToken, @Principal('sub') sub: string) {
 *     return { sub, scopes: principal.scopes };
 *   }
 * }
 * ```
 */
export const Principal = createParamDecorator(readPrincipal);

/**
 * Injects the claims of the access token, or one claim. It is `undefined` if `@Principal()` is `undefined`.
 *
 * Declare the claims of the application in the interface `AccessTokenClaims`.
 *
 * @throws InternalServerErrorException if no guard has decided about the handler
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2
 * @example
 * ```ts
 * @Controller('me')
 * class MeController {
 *   @Get('email')
 *   read(@Claims('email') email: string | undefined) {
 *     return { email };
 *   }
 * }
 * ```
 */
export const Claims = createParamDecorator(readClaims);

/**
 * Injects the access token as a string, for calls to other APIs on behalf of the user. `undefined` for an anonymous
 * request. Do not log it.
 *
 * @throws InternalServerErrorException if no guard has decided about the handler
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * @Controller('orders')
 * class OrdersController {
 *   @Get()
 *   list(@BearerToken() token: string) {
 *     return fetch('https://orders.internal/orders', { headers: { authorization: `Bearer ${token}` } });
 *   }
 * }
 * ```
 */
export const BearerToken = createParamDecorator(readBearerToken);

/** The names of the decorators of this file, by the function that Nest stores for their parameters. */
export const principalDecorators: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [readPrincipal, '@Principal()'],
  [readClaims, '@Claims()'],
  [readBearerToken, '@BearerToken()'],
]);
