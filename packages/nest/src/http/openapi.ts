import { RequestMethod } from '@nestjs/common';
import { listPrototypes } from '../access/decorator-metadata.ts';
import { getAccessPolicy } from '../access/resolve-access.ts';
import type { ClassMethod } from '../handlers/module-classes.ts';
import { nestMetadata, swaggerMetadata } from '../nest-metadata.ts';

/** The name of the security scheme in the security requirements of the operations: `access_token`. */
export const accessTokenSecurity = 'access_token';

/**
 * Creates the security scheme for the OpenAPI document of `@nestjs/swagger`.
 *
 * @param options `issuer`: the identifier of an OpenID provider. The document then names its discovery document as
 *   `openIdConnectUrl`. Default: none, and users of the OpenAPI page paste a token
 * @see https://spec.openapis.org/oas/v3.1.0.html#security-scheme-object
 * @example
 * ```ts
 * const config = new DocumentBuilder()
 *   .addSecurity(accessTokenSecurity, accessTokenSecurityScheme({ issuer: 'https://login.example.com' }))
 *   .build();
 * const document = SwaggerModule.createDocument(app, config);
 * ```
 */
export function accessTokenSecurityScheme(
  options: { readonly issuer?: string | undefined } = {},
):
  | { type: 'http'; scheme: string; bearerFormat: string }
  | { type: 'openIdConnect'; openIdConnectUrl: string } {
  if (options.issuer === undefined) return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  const url = `${options.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return { type: 'openIdConnect', openIdConnectUrl: url };
}

/** Adds the requirements to the OpenAPI metadata of the routes of a controller, from which the document is created later. */
export function describeRoutes(type: object, methods: readonly ClassMethod[]): void {
  for (const { name, method } of methods)
    if (Reflect.hasMetadata(nestMetadata.routePath, method)) describeOperation(method, { owner: type, name });
}

/** The controller of a handler, and the name of its method. */
interface HandlerPlace {
  readonly owner: object;
  readonly name: string;
}

/**
 * Adds the access requirements of a handler to its OpenAPI metadata. Metadata of the application takes precedence. A
 * handler that several controllers inherit has one description for all of them.
 */
function describeOperation(handler: object, place: HandlerPlace): void {
  const { owner } = place;
  const { security, responses } = swaggerMetadata;
  const { mode, requirements } = getAccessPolicy(handler, owner);
  if (mode === 'public') {
    // An explicit empty requirement: otherwise a requirement of the document would appear to apply.
    if (!Reflect.hasMetadata(security, handler)) Reflect.defineMetadata(security, [{}], handler);
    return;
  }
  const { scopes = [], anyScope = [] } = requirements;
  const alternatives = anyScope.reduce<string[][]>(
    (all, group) => all.flatMap((previous) => group.map((scope) => [...previous, scope])),
    [[...scopes]],
  );
  if (!Reflect.hasMetadata(security, handler)) {
    const required = alternatives.map((names) => ({ [accessTokenSecurity]: [...new Set(names)] }));
    Reflect.defineMetadata(security, mode === 'optional' ? [{}, ...required] : required, handler);
  }
  const scopeText = alternatives.map((names) => names.join(' ')).join(' or ');
  const rejections = {
    401: { description: 'The access token is missing or invalid' },
    ...(scopeText !== '' && { 403: { description: `The access token lacks the scope: ${scopeText}` } }),
  };
  const existing: object = Reflect.getMetadata(responses, handler) ?? createSuccessResponse(handler, place);
  // Not a copy of the values: the description of a successful response is read when the document is created.
  Object.defineProperties(rejections, Object.getOwnPropertyDescriptors(existing));
  Reflect.defineMetadata(responses, rejections, handler);
}

/** The response that `@nestjs/swagger` describes only if a handler has no other. */
function createSuccessResponse(handler: object, place: HandlerPlace): object {
  if (Reflect.hasMetadata(swaggerMetadata.responses, place.owner)) return {};
  const isPost = Reflect.getMetadata(nestMetadata.routeMethod, handler) === RequestMethod.POST;
  const status: number = Reflect.getMetadata(nestMetadata.httpCode, handler) ?? (isPost ? 201 : 200);
  const get = () => findPluginResponse(place) ?? { description: '' };
  return Object.defineProperty({}, status, { get, enumerable: true, configurable: true });
}

/**
 * Finds the response in the metadata of the compiler plugin. With SWC, the application loads them with
 * `SwaggerModule.loadPluginMetadata()` after it was created. `@nestjs/swagger` itself reads them only for handlers that have
 * no response.
 *
 * @see https://docs.nestjs.com/openapi/cli-plugin#swc-builder
 */
function findPluginResponse({ owner, name }: HandlerPlace): object | undefined {
  for (const prototype of listPrototypes(owner)) {
    const readMetadata = Reflect.get(prototype.constructor, swaggerMetadata.pluginMetadata);
    const metadata = readMetadata?.()[name];
    if (!metadata) continue;
    const {
      summary: _summary,
      deprecated: _deprecated,
      tags: _tags,
      status: _status,
      ...response
    } = metadata;
    const { type } = response;
    return { description: '', ...response, ...(Array.isArray(type) && { type: type[0], isArray: true }) };
  }
  return undefined;
}
