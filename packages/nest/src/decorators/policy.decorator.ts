import { isParameterizedPolicy, isPolicyClass, type PolicyDeclaration } from '../access/access-policy.ts';
import { declareAccess } from '../access/decorator-metadata.ts';
import { checkPolicy } from '../access/policy-expression.ts';

/**
 * Requires that a rule of the application allows the request. Policies run after every other check, and all policies of
 * a handler must allow it.
 *
 * A function decides directly. A class must be a provider of a module, and can inject other providers. If it is
 * request-scoped, durable or transient, or depends on such a provider, it is created for the request. If it is not a
 * provider, each request is denied with 500, and the log names the class. `createPolicy()` passes parameters to a class.
 *
 * `{ all: [...] }`, `{ any: [...] }` and `{ not: ... }` combine policies. They are evaluated in their order, until the
 * result is known. If a policy throws, the request is denied with its exception, even below `any` and `not`.
 *
 * @throws ConfigurationError `invalid_option` if the argument is not a policy, or is an empty combination
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * @Injectable()
 * class TenantPolicy implements PolicyProvider {
 *   allows({ claims }: VerifiedAccessToken) {
 *     return claims.tenant === 'acme';
 *   }
 * }
 *
 * @Policy(TenantPolicy)
 * @Policy({ any: [({ kind }) => kind === 'client', { not: ({ roles }) => roles.includes('guest') }] })
 * @Controller('orders')
 * class OrdersController {}
 * ```
 */
export function Policy(policy: PolicyDeclaration): MethodDecorator & ClassDecorator {
  checkPolicy(policy, { name: '@Policy()', isPolicy });
  return declareAccess({ policies: [policy] });
}

/** A class without `allows` cannot be called, and would deny each request with 500. */
const isPolicy = (policy: unknown): boolean =>
  isPolicyClass(policy) ||
  isParameterizedPolicy(policy) ||
  (typeof policy === 'function' && !isClass(policy));

const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));
