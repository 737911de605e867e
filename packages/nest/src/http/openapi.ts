import { accessPolicyOf } from '../access/access-policy.ts';

/** The name under which operations name their security requirement. */
export const accessTokenSecurity = 'access_token';

/**
 * The security scheme for an OpenAPI document: `builder.addSecurity(accessTokenSecurity, accessTokenSecurityScheme())`.
 * With an issuer, the document says where to get a token; without, readers paste one.
 *
 * @param options `issuer`: the identifier of an OpenID provider, whose discovery document is named
 */
export function accessTokenSecurityScheme(
  options: { readonly issuer?: string } = {},
):
  | { type: 'http'; scheme: string; bearerFormat: string }
  | { type: 'openIdConnect'; openIdConnectUrl: string } {
  if (options.issuer === undefined) return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  const url = `${options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return { type: 'openIdConnect', openIdConnectUrl: url };
}

/** The names under which `@nestjs/swagger` looks for what decorators leave behind. */
const security = 'swagger/apiSecurity';
const responses = 'swagger/apiResponse';
const excluded = 'swagger/apiExcludeController';

/** Keeps a controller out of the application's OpenAPI document. */
export const Undocumented = (): ClassDecorator => (target) =>
  Reflect.defineMetadata(excluded, [true], target);

/**
 * Says in a handler's OpenAPI metadata what its access decorators ask for. What the application says itself stays.
 * A handler that several controllers inherit has one description for all.
 */
export function describeOperation(handler: object, owner: object): void {
  const { mode, requirements } = accessPolicyOf(handler, owner);
  if (mode === 'public') {
    // Nothing will do: without saying so, a requirement of the whole document would seem to hold here too.
    if (!Reflect.hasMetadata(security, handler)) Reflect.defineMetadata(security, [{}], handler);
    return;
  }
  const { scopes = [], anyScope = [] } = requirements;
  const alternatives = anyScope.reduce<string[][]>(
    (all, group) => all.flatMap((before) => group.map((scope) => [...before, scope])),
    [[...scopes]],
  );
  if (!Reflect.hasMetadata(security, handler)) {
    const required = alternatives.map((names) => ({ [accessTokenSecurity]: [...new Set(names)] }));
    Reflect.defineMetadata(security, mode === 'optional' ? [{}, ...required] : required, handler);
  }
  const said = (Reflect.getMetadata(responses, handler) ?? {}) as Record<string, unknown>;
  const needed = alternatives.map((names) => names.join(' ')).join(' or ');
  Reflect.defineMetadata(
    responses,
    {
      401: { description: 'No access token, or one that is not valid' },
      ...(needed !== '' && { 403: { description: `The access token lacks the scope: ${needed}` } }),
      ...said,
    },
    handler,
  );
}
