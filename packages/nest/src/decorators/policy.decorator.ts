import type { PolicyDeclaration } from '../access/access-policy.ts';
import { declareAccess } from '../access/decorator-metadata.ts';

/**
 * Requires that a rule of the application allows the request. Policies run after every other check, and all policies of
 * a handler must allow it.
 *
 * A function decides directly. A class must be a provider of a module, and can inject other providers. If it is
 * request-scoped, durable or transient, or depends on such a provider, it is created for the request. If it is not a
 * provider, each request is denied with 500, and the log names the class.
 *
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
 * @Policy(({ kind }) => kind === 'user')
 * @Controller('orders')
 * class OrdersController {}
 * ```
 */
export const Policy = (policy: PolicyDeclaration): MethodDecorator & ClassDecorator =>
  declareAccess({ policies: [policy] });
