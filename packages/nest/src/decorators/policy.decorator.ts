import { declareAccess } from '../access/declarations.ts';
import type { PolicyDeclaration } from '../access/policy.ts';

/**
 * Requires that a rule of the application allows the request. Policies run after every other check, and all policies of
 * a handler must allow it.
 *
 * A function decides directly. A class must be a provider of a module, so it can inject other providers.
 *
 * @throws ConfigurationError `invalid_option` for a request when the class is not a provider: the request is denied
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
