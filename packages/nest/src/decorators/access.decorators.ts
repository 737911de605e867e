import { ConfigurationError } from '@countersign/core/resource-server';
import { declareAccess } from '../access/decorator-metadata.ts';

/** A decorator for a handler or a class. */
type AccessDecorator = MethodDecorator & ClassDecorator;

/**
 * Allows every request, and ignores its credential. On a handler it also cancels the requirements of the class. Together
 * with a requirement on the same handler, it has no effect.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @example
 * ```ts
 * @Controller('health')
 * class HealthController {
 *   @Public()
 *   @Get()
 *   check() {
 *     return { status: 'ok' };
 *   }
 * }
 * ```
 */
export const Public = (): AccessDecorator => declareAccess({ mode: 'public' });

/**
 * Allows a request without a token; then there is no principal. A request with an invalid token is rejected with 401.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * @Controller('articles')
 * class ArticlesController {
 *   @OptionalAuth()
 *   @Get()
 *   list(@Principal('sub') sub: string | undefined) {
 *     return { personalized: sub !== undefined };
 *   }
 * }
 * ```
 */
export const OptionalAuth = (): AccessDecorator => declareAccess({ mode: 'optional' });

/**
 * Requires a valid token. This is the default. Use it for a class that extends a `@Public()` class, a handler of a
 * `@Public()` class, or a field of GraphQL whose query is public.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @example
 * ```ts
 * @Protected()
 * @Controller('admin')
 * class AdminController extends PublicController {}
 * ```
 */
export const Protected = (): AccessDecorator => declareAccess({ mode: 'protected' });

/**
 * Requires all of these scopes. Otherwise the request is rejected with 403 `insufficient_scope`. The scopes of a handler
 * add to those of its class.
 *
 * @throws ConfigurationError `invalid_option` if there is no value, or an empty one
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * @RequireScopes('items:read')
 * @Controller('items')
 * class ItemsController {
 *   @RequireScopes('items:write')
 *   @Post()
 *   create() {}
 * }
 * ```
 */
export const RequireScopes = (...scopes: [string, ...string[]]): AccessDecorator =>
  declareAccess({ scopes: checkTexts('RequireScopes', scopes) });

/**
 * Requires at least one of these scopes. Otherwise the request is rejected with 403 `insufficient_scope`. With several
 * of these decorators, each one must be met.
 *
 * @throws ConfigurationError `invalid_option` if there is no value, or an empty one
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * @RequireAnyScope('items:read', 'items:admin')
 * @Controller('items')
 * class ItemsController {}
 * ```
 */
export const RequireAnyScope = (...scopes: [string, ...string[]]): AccessDecorator =>
  declareAccess({ anyScope: [checkTexts('RequireAnyScope', scopes)] });

/**
 * Requires all of these permissions. Otherwise the request is rejected with 403. The profile of the issuer reads
 * permissions from the token.
 *
 * @throws ConfigurationError `invalid_option` if there is no value, or an empty one
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * @RequirePermissions('items:delete')
 * @Controller('items')
 * class ItemsController {}
 * ```
 */
export const RequirePermissions = (...permissions: [string, ...string[]]): AccessDecorator =>
  declareAccess({ permissions: checkTexts('RequirePermissions', permissions) });

/**
 * Requires at least one of these roles. Otherwise the request is rejected with 403. The profile of the issuer reads
 * roles from the token. With several of these decorators, each one must be met.
 *
 * @throws ConfigurationError `invalid_option` if there is no value, or an empty one
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1
 * @example
 * ```ts
 * @RequireRoles('admin', 'editor')
 * @Controller('articles')
 * class ArticlesController {}
 * ```
 */
export const RequireRoles = (...roles: [string, ...string[]]): AccessDecorator =>
  declareAccess({ roles: [checkTexts('RequireRoles', roles)] });

/**
 * Requires a login with one of these authentication contexts (`acr`). Otherwise the request is rejected with 401
 * `insufficient_user_authentication`, and the challenge names the contexts.
 *
 * @throws ConfigurationError `invalid_option` if there is no value, or an empty one
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @example
 * ```ts
 * @RequireAcr('urn:example:mfa')
 * @Controller('payments')
 * class PaymentsController {}
 * ```
 */
export const RequireAcr = (...values: [string, ...string[]]): AccessDecorator =>
  declareAccess({ acr: [checkTexts('RequireAcr', values)] });

/**
 * Requires a login within this count of seconds. Otherwise the request is rejected with 401
 * `insufficient_user_authentication`, and the challenge contains `max_age`. If there are several values, the smallest
 * applies.
 *
 * @throws ConfigurationError `invalid_option` if it is not a number of 0 or more
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @example
 * ```ts
 * @MaxAge(300)
 * @Controller('payments')
 * class PaymentsController {}
 * ```
 */
export const MaxAge = (seconds: number): AccessDecorator => {
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0)
    return declareAccess({ maxAge: seconds });
  const actual = typeof seconds === 'number' ? String(seconds) : `a value of type ${typeof seconds}`;
  throw new ConfigurationError(
    'invalid_option',
    `The argument of @MaxAge() is ${actual}, expected a number of seconds, 0 or more. Check the variable that it is read from.`,
  );
};

/** An empty list would require nothing. A variable that is not set is `undefined` for callers without a compiler. */
function checkTexts(name: string, values: [string, ...string[]]): [string, ...string[]] {
  if (values.length > 0 && values.every((value) => typeof value === 'string' && value !== '')) return values;
  const actual = values.map((value) => (value === '' ? 'an empty text' : typeof value)).join(', ') || 'empty';
  throw new ConfigurationError(
    'invalid_option',
    `The list of arguments of @${name}() is ${actual}, expected one or more texts that are not empty.`,
  );
}
