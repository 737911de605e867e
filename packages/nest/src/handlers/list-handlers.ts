import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { eventPatternHandler, grpcTransport, nestMetadata } from '../nest-metadata.ts';
import { formatHandlerName, type GraphqlPosition, type Handler } from './handler.ts';
import { listRoutes } from './http-routes.ts';
import { listMethods, listModuleClasses, type ModuleClass } from './module-classes.ts';

export interface ListOptions {
  /** Contains prefix and versions of routes. */
  readonly config?: ApplicationConfig | undefined;
}

/**
 * Lists every handler of the application: routes, message and event patterns, gRPC methods, messages of gateways, and
 * resolvers of queries, mutations, subscriptions, fields and references. A class of several modules counts once.
 */
export function listHandlers(modules: ModulesContainer, { config }: ListOptions = {}): Handler[] {
  const handlers = new Map<string, Handler[]>();
  for (const each of listModuleClasses(modules)) {
    for (const { name, method } of listMethods(each.type)) {
      const base = { owner: each.type, methodName: name, method };
      const methodHandlers: Handler[] = [
        ...(each.isController
          ? [
              { ...base, transport: 'http' as const, entries: listRoutes(method, each, { config, modules }) },
              { ...base, transport: 'microservice' as const, entries: listPatterns(method) },
            ]
          : [
              { ...base, transport: 'websocket' as const, entries: listMessages(method, each) },
              ...createGraphqlHandler(base, each),
            ]),
      ];
      for (const handler of methodHandlers.filter(({ entries }) => entries.length > 0)) {
        const key = `${handler.transport} ${formatHandlerName(handler)} ${handler.entries.join()}`;
        const same = handlers.get(key) ?? [];
        if (!same.some(({ owner }) => owner === handler.owner)) handlers.set(key, [...same, handler]);
      }
    }
  }
  return [...handlers.values()].flat();
}

/** Whether Nest treats the method as a handler, in each module that uses its class. */
export function isHandler(method: object, owner: object): boolean {
  if (rootTypeNames.includes(Reflect.getMetadata(nestMetadata.resolverType, owner))) return true;
  return [
    nestMetadata.routePath,
    nestMetadata.patternHandler,
    nestMetadata.messageMapping,
    nestMetadata.resolverType,
    nestMetadata.resolverProperty,
    nestMetadata.resolverReference,
  ].some((key) => Reflect.hasMetadata(key, method));
}

/** Whether Nest treats a method of the class as a handler. */
export const hasHandlers = (type: object): boolean =>
  listMethods(type).some(({ method }) => isHandler(method, type));

function listPatterns(method: object): string[] {
  if (!Reflect.hasMetadata(nestMetadata.patternHandler, method)) return [];
  const isEvent = Reflect.getMetadata(nestMetadata.patternHandler, method) === eventPatternHandler;
  const isGrpc = Reflect.getMetadata(nestMetadata.transport, method) === grpcTransport;
  return [Reflect.getMetadata(nestMetadata.pattern, method) ?? []].flat().map((pattern: unknown) => {
    const { service, rpc } = (pattern ?? {}) as { readonly service?: string; readonly rpc?: string };
    if (isGrpc && service !== undefined) return `gRPC ${service}/${rpc}`;
    const text = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
    return `${isEvent ? 'event' : 'message'} ${text}`;
  });
}

function listMessages(method: object, { type, isProduced }: ModuleClass): string[] {
  // Nest does not create a gateway from a factory or a value.
  if (isProduced) return [];
  if (Reflect.getMetadata(nestMetadata.gateway, type) !== true) return [];
  if (!Reflect.hasMetadata(nestMetadata.messageMapping, method)) return [];
  const message: unknown = Reflect.getMetadata(nestMetadata.message, method);
  const { namespace } = (Reflect.getMetadata(nestMetadata.gatewayOptions, type) ?? {}) as {
    namespace?: unknown;
  };
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return [namespace === undefined ? text : `${text} (namespace ${String(namespace)})`];
}

export const rootTypeNames: readonly string[] = ['Query', 'Mutation', 'Subscription'];
const typeResolverName = '__resolveType';

function createGraphqlHandler(
  base: Pick<Handler, 'owner' | 'methodName' | 'method'>,
  { type: owner }: ModuleClass,
): Handler[] {
  const position = findGraphqlPosition(base, owner);
  if (!position) return [];
  const entry =
    position.kind === 'reference' ? `_entities ${position.type}` : `${position.type}.${position.field}`;
  return [{ ...base, transport: 'graphql', graphql: position, entries: [entry] }];
}

function findGraphqlPosition(
  { method, methodName }: Pick<Handler, 'methodName' | 'method'>,
  owner: object,
): GraphqlPosition | undefined {
  const methodType = Reflect.getMetadata(nestMetadata.resolverType, method) as string | undefined;
  const type = methodType || (Reflect.getMetadata(nestMetadata.resolverType, owner) as string | undefined);
  const isReference = Reflect.getMetadata(nestMetadata.resolverReference, method) === true;
  const isField = Reflect.getMetadata(nestMetadata.resolverProperty, method) === true;
  if (type === undefined) return undefined;
  if (isReference) return { type, field: '', kind: 'reference' };
  const isRoot = rootTypeNames.includes(type);
  const field = (Reflect.getMetadata(nestMetadata.resolverName, method) as string | undefined) || methodName;
  // Every method of `@Resolver('Query')` resolves a field. In other classes, methods with `@ResolveField()` do.
  if (field === typeResolverName || !(isRoot || isField)) return undefined;
  return { type, field, kind: isRoot ? 'root' : 'field' };
}
