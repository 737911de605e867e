import { declaring } from '../access/declarations.ts';

/** Stands on a handler or on a class. */
type AccessDecorator = MethodDecorator & ClassDecorator;

/** Anybody may call this, and no credential is looked at. On a handler it frees from what the class asks for. */
export const Public = (): AccessDecorator => declaring({ mode: 'public' });

/** A token may be missing, and then there is no principal. One that is invalid is refused all the same, with 401. */
export const OptionalAuth = (): AccessDecorator => declaring({ mode: 'optional' });

/**
 * A valid token is needed. That is the default; this closes a class that extends a `@Public()` one, a handler of a
 * `@Public()` class, and a field of GraphQL whose query is public.
 *
 * @example
 * ```ts
 * @Protected()
 * @Controller('admin')
 * class AdminController extends PublicController {}
 * ```
 */
export const Protected = (): AccessDecorator => declaring({ mode: 'protected' });

/** All of these scopes, else 403 `insufficient_scope`; a handler's add to its class's. @see RFC 6750 section 3.1 */
export const RequireScopes = (...scopes: [string, ...string[]]): AccessDecorator => declaring({ scopes });

/** At least one of these scopes, else 403 `insufficient_scope`. Several decorators: one of each. @see RFC 6750 section 3.1 */
export const RequireAnyScope = (...scopes: [string, ...string[]]): AccessDecorator =>
  declaring({ anyScope: [scopes] });

/** All of these permissions, else 403. Where they stand in a token, its issuer's profile says. */
export const RequirePermissions = (...permissions: [string, ...string[]]): AccessDecorator =>
  declaring({ permissions });

/** At least one of these roles, else 403; where they stand in a token, its issuer's profile says. @see RFC 9068 section 2.2.3.1 */
export const RequireRoles = (...roles: [string, ...string[]]): AccessDecorator =>
  declaring({ roles: [roles] });

/** The user must have logged in with one of these authentication contexts, else 401 asks for it. @see RFC 9470 section 3 */
export const RequireAcr = (...values: [string, ...string[]]): AccessDecorator => declaring({ acr: [values] });

/** The user must have logged in within this many seconds, else 401 asks for it. @see RFC 9470 section 3 */
export const MaxAge = (seconds: number): AccessDecorator => declaring({ maxAge: seconds });
