import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { nestMetadata } from '../nest-metadata.ts';
import { type GraphqlPosition, type Handler, handlerName } from './handler.ts';
import { routesOf } from './http-routes.ts';
import { classesOf, type ModuleClass, methodsOf } from './module-classes.ts';

export interface ListOptions {
  /** Prefix and versions of routes. */
  readonly config?: ApplicationConfig | undefined;
}

/**
 * Every handler of the application: routes, message and event patterns, gRPC methods, messages of gateways, and
 * resolvers of queries, mutations, subscriptions, fields and references. A class of several modules counts once.
 */
export function listHandlers(modules: ModulesContainer, { config }: ListOptions = {}): Handler[] {
  const handlers = new Map<string, Handler[]>();
  for (const each of classesOf(modules)) {
    for (const { name, method } of methodsOf(each.type)) {
      const base = { owner: each.type, methodName: name, method };
      const found: Handler[] = [
        ...(each.isController
          ? [
              { ...base, transport: 'http' as const, entries: routesOf(method, each, { config, modules }) },
              { ...base, transport: 'microservice' as const, entries: patternsOf(method) },
            ]
          : [
              { ...base, transport: 'websocket' as const, entries: messagesOf(method, each) },
              ...graphqlHandler(base, each),
            ]),
      ];
      for (const handler of found.filter(({ entries }) => entries.length > 0)) {
        const key = `${handler.transport} ${handlerName(handler)} ${handler.entries.join()}`;
        const same = handlers.get(key) ?? [];
        if (!same.some(({ owner }) => owner === handler.owner)) handlers.set(key, [...same, handler]);
      }
    }
  }
  return [...handlers.values()].flat();
}

/** Whether Nest takes the method for a handler, wherever its class is used. */
export function isHandler(method: object, owner: object): boolean {
  if (rootTypes.includes(Reflect.getMetadata(nestMetadata.resolverType, owner))) return true;
  return [
    nestMetadata.routePath,
    nestMetadata.patternHandler,
    nestMetadata.messageMapping,
    nestMetadata.resolverType,
    nestMetadata.resolverProperty,
    nestMetadata.resolverReference,
  ].some((key) => Reflect.hasMetadata(key, method));
}

/** Nest's number for gRPC among its transports. */
const grpc = 4;

function patternsOf(method: object): string[] {
  if (!Reflect.hasMetadata(nestMetadata.patternHandler, method)) return [];
  const isEvent = Reflect.getMetadata(nestMetadata.patternHandler, method) === 2;
  const isGrpc = Reflect.getMetadata(nestMetadata.transport, method) === grpc;
  return [Reflect.getMetadata(nestMetadata.pattern, method) ?? []].flat().map((pattern: unknown) => {
    const { service, rpc } = (pattern ?? {}) as { readonly service?: string; readonly rpc?: string };
    if (isGrpc && service !== undefined) return `gRPC ${service}/${rpc}`;
    const text = typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
    return `${isEvent ? 'event' : 'message'} ${text}`;
  });
}

function messagesOf(method: object, { type, isProduced }: ModuleClass): string[] {
  // Nest makes no gateway of what a factory or a value provides.
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

export const rootTypes: readonly string[] = ['Query', 'Mutation', 'Subscription'];
const resolvesAbstractType = '__resolveType';

function graphqlHandler(
  base: Pick<Handler, 'owner' | 'methodName' | 'method'>,
  { type: owner }: ModuleClass,
): Handler[] {
  const position = graphqlPositionOf(base, owner);
  if (!position) return [];
  const entry =
    position.kind === 'reference' ? `_entities ${position.type}` : `${position.type}.${position.field}`;
  return [{ ...base, transport: 'graphql', graphql: position, entries: [entry] }];
}

function graphqlPositionOf(
  { method, methodName }: Pick<Handler, 'methodName' | 'method'>,
  owner: object,
): GraphqlPosition | undefined {
  const ownType = Reflect.getMetadata(nestMetadata.resolverType, method) as string | undefined;
  const type = ownType || (Reflect.getMetadata(nestMetadata.resolverType, owner) as string | undefined);
  const isReference = Reflect.getMetadata(nestMetadata.resolverReference, method) === true;
  const isField = Reflect.getMetadata(nestMetadata.resolverProperty, method) === true;
  if (type === undefined) return undefined;
  if (isReference) return { type, field: '', kind: 'reference' };
  const isRoot = rootTypes.includes(type);
  const field = (Reflect.getMetadata(nestMetadata.resolverName, method) as string | undefined) || methodName;
  // Every method of `@Resolver('Query')` is one; of other classes, those with `@ResolveField()`.
  if (field === resolvesAbstractType || !(isRoot || isField)) return undefined;
  return { type, field, kind: isRoot ? 'root' : 'field' };
}
