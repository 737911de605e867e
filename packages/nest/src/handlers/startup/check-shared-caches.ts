import { ConfigurationError } from '@countersign/core/resource-server';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import { cacheManagerMetadata, nestMetadata } from '../../nest-metadata.ts';
import { formatHandlerName, type Handler } from '../handler.ts';

/**
 * Finds `CacheInterceptor` of `@nestjs/cache-manager` on handlers that require a token or accept one. It uses the URL or
 * a fixed text as the key, and runs after the guard: each user would receive the response for the first one.
 *
 * @throws ConfigurationError `shared_cache` that names each handler
 */
export function checkSharedCaches(
  handlers: readonly Handler[],
  { config, modules }: { readonly config: ApplicationConfig | undefined; readonly modules: ModulesContainer },
): void {
  const global = listGlobalInterceptors(config);
  const problems = handlers.filter((handler) => isCachedForAll(handler, { global, modules }));
  if (problems.length === 0) return;
  const names = problems.map((handler) => `${formatHandlerName(handler)} (${handler.entries.join(', ')})`);
  throw new ConfigurationError(
    'shared_cache',
    `CacheInterceptor caches the response of ${names.join(', ')} for all users, because its key does not contain the user. ` +
      'Extend it, and override trackBy(context) so that it returns getPrincipalKey(context) together with super.trackBy(context). ' +
      'In a class that has copied its methods, give trackBy another name if its key contains the user. ' +
      'Or put @Public() on handlers whose response does not depend on the user.',
  );
}

function isCachedForAll(
  handler: Handler,
  { global, modules }: { readonly global: readonly unknown[]; readonly modules: ModulesContainer },
): boolean {
  if (getAccessPolicy(handler.method, handler.owner).mode === 'public') return false;
  const handlerInterceptors = [handler.owner, handler.method].flatMap(
    (target) => (Reflect.getMetadata(nestMetadata.interceptors, target) ?? []) as unknown[],
  );
  const interceptors = [...global, ...handlerInterceptors].filter(usesSharedKey);
  if (interceptors.length === 0) return false;
  const key: unknown = Reflect.getMetadata(cacheManagerMetadata.key, handler.method);
  // The application computes the key from the context.
  if (typeof key === 'function') return false;
  if (key !== undefined) return true;
  if (handler.transport !== 'http') return false;
  const methods = handler.entries.map((entry) => entry.split(' ', 1)[0] as string);
  return interceptors.some((interceptor) => {
    const cachedMethods = findCachedMethods(interceptor, modules);
    return cachedMethods === 'all' || methods.some((method) => method === 'ALL' || cachedMethods.has(method));
  });
}

function listGlobalInterceptors(config: ApplicationConfig | undefined): unknown[] {
  const scopedInterceptors = config?.getGlobalRequestInterceptors().map(({ metatype }) => metatype) ?? [];
  return [...(config?.getGlobalInterceptors() ?? []), ...scopedInterceptors];
}

/** Recognizes the interceptor, and a class that extends it and keeps its key. Its package is optional. */
const usesSharedKey = (interceptor: unknown): boolean =>
  isBase(listChain(interceptor).find((each) => Object.hasOwn(each, 'trackBy')));

/** Finds the HTTP methods that an interceptor caches: those in its `allowedMethods`, or all if that is unknown. */
function findCachedMethods(interceptor: unknown, modules: ModulesContainer): 'all' | ReadonlySet<unknown> {
  const chain = listChain(interceptor);
  if (!isBase(chain.find((each) => Object.hasOwn(each, 'isRequestCacheable')))) return 'all';
  const instances = typeof interceptor === 'function' ? listInstances(interceptor, modules) : [interceptor];
  const lists = instances.map((each) => (each as { readonly allowedMethods?: unknown }).allowedMethods);
  const presentLists = lists.filter((list) => Array.isArray(list));
  if (presentLists.length > 0 && presentLists.length === lists.length) return new Set(presentLists.flat());
  // A request-scoped interceptor has no instance yet, so only the methods of the package's own class are known.
  return isBase(typeof interceptor === 'function' ? chain[0] : chain[1]) ? new Set(['GET']) : 'all';
}

/** Lists the prototypes of a class, or an instance and its prototypes. */
function listChain(interceptor: unknown): object[] {
  const chain: object[] = [];
  let each: unknown = typeof interceptor === 'function' ? interceptor.prototype : interceptor;
  for (; typeof each === 'object' && each !== null; each = Object.getPrototypeOf(each)) chain.push(each);
  return chain;
}

/** Recognizes the interceptor by its methods and its cache: bundlers and minifiers rename classes. */
const isBase = (prototype: object | null | undefined): boolean =>
  prototype !== null &&
  prototype !== undefined &&
  ['intercept', 'trackBy', 'isRequestCacheable'].every((method) => Object.hasOwn(prototype, method)) &&
  Object.getPrototypeOf(prototype) === Object.prototype &&
  injectsCacheAndAdapter(prototype.constructor);

/**
 * An interceptor of the application may have methods of the same names, and its key may contain the user. Only that of
 * the package injects the cache, and in a property the adapter from which it gets the URL.
 */
function injectsCacheAndAdapter(type: object): boolean {
  const { injectedParameters, injectedProperties } = nestMetadata;
  const parameters = (Reflect.getMetadata(injectedParameters, type) ?? []) as { param?: unknown }[];
  const properties = (Reflect.getMetadata(injectedProperties, type) ?? []) as { key?: unknown }[];
  return (
    parameters.some(({ param }) => param === cacheManagerMetadata.cache) &&
    properties.some(({ key }) => key === cacheManagerMetadata.adapter)
  );
}

const listInstances = (type: object, modules: ModulesContainer): unknown[] =>
  [...modules.values()].flatMap(({ injectables, providers }) =>
    [...injectables.values(), ...providers.values()].flatMap(({ metatype, instance }) =>
      metatype === type && typeof instance === 'object' && instance !== null ? [instance as object] : [],
    ),
  );
