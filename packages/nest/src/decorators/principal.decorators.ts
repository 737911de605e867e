import type { AccessTokenClaims, VerifiedAccessToken } from '@countersign/core/api';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { authenticatedRequestOf } from '../authenticator.ts';

/**
 * What the verified access token says, or one member of it: `@Principal()`, `@Principal('sub')`.
 * `undefined` only for an anonymous request to `@OptionalAuth()` or `@Public()`. Its times are seconds since the epoch.
 */
export const Principal = createParamDecorator(
  (member: keyof VerifiedAccessToken | undefined, context: ExecutionContext) => {
    const principal = authenticatedRequestOf(context)?.accessToken;
    return member === undefined ? principal : principal?.[member];
  },
);

/** The claims of the access token, or one of them: `@Claims()`, `@Claims('email')`. @see RFC 9068 section 2.2 */
export const Claims = createParamDecorator(
  (name: (keyof AccessTokenClaims & string) | undefined, context: ExecutionContext) => {
    const claims = authenticatedRequestOf(context)?.accessToken.claims;
    return name === undefined ? claims : claims?.[name];
  },
);

/** The access token itself, a text, for calls on behalf of the user; `undefined` for an anonymous request. Never log it. */
export const AccessToken = createParamDecorator(
  (_: undefined, context: ExecutionContext) => authenticatedRequestOf(context)?.token,
);
