import type {
  AccessTokenClaims,
  AuthenticatedRequest,
  VerifiedAccessToken,
} from '@countersign/core/resource-server';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authenticatedRequestOf } from '../guard/authenticated-request.ts';
import { transportOf } from '../transport/find-transport.ts';

/** Reads what the guard has found, or refuses: a handler never runs without knowing who is asking. */
function read<T>(
  context: ExecutionContext,
  pick: (authenticated: AuthenticatedRequest | undefined) => T,
): T | Promise<T> {
  try {
    return pick(authenticatedRequestOf(context));
  } catch (error) {
    const refuse = transportOf(context)?.refuse;
    if (!refuse) throw error;
    // Nest does not handle what is thrown for a `@GrpcStreamCall()`. 13 is INTERNAL.
    refuse({ code: 13, details: 'Internal server error' });
    return new Promise(() => {});
  }
}

/**
 * What the verified access token says, or one member of it: `@Principal()`, `@Principal('sub')`.
 * `undefined` only for an anonymous request to `@OptionalAuth()` or `@Public()`. Its times are seconds since the epoch.
 */
export const Principal = createParamDecorator(
  (member: keyof VerifiedAccessToken | undefined, context: ExecutionContext) =>
    read(context, (authenticated) => {
      const principal = authenticated?.accessToken;
      return member === undefined ? principal : principal?.[member];
    }),
);

/** The claims of the access token, or one of them: `@Claims()`, `@Claims('email')`. @see RFC 9068 section 2.2 */
export const Claims = createParamDecorator(
  (name: (keyof AccessTokenClaims & string) | undefined, context: ExecutionContext) =>
    read(context, (authenticated) => {
      const claims = authenticated?.accessToken.claims;
      return name === undefined ? claims : claims?.[name];
    }),
);

/** The access token itself, a text, for calls on behalf of the user; `undefined` for an anonymous request. Never log it. */
export const BearerToken = createParamDecorator((_: undefined, context: ExecutionContext) =>
  read(context, (authenticated) => authenticated?.token),
);
