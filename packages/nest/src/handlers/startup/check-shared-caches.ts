import { ConfigurationError } from '@countersign/core/resource-server';
import type { ApplicationConfig } from '@nestjs/core';
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
  { config }: { readonly config: ApplicationConfig | undefined },
): void {
  const isGlobal = listGlobalInterceptors(config).some(usesSharedKey);
  const problems = handlers.filter((handler) => isCachedForAll(handler, isGlobal));
  if (problems.length === 0) return;
  const names = problems.map((handler) => `${formatHandlerName(handler)} (${handler.entries.join(', ')})`);
  throw new ConfigurationError(
    'shared_cache',
    `CacheInterceptor caches the response of ${names.join(', ')} for all users, because its key does not contain the user. ` +
      'Extend it, and override trackBy(context) so that it returns getPrincipalKey(context) together with super.trackBy(context). ' +
      'Or put @Public() on handlers whose response does not depend on the user.',
  );
}

function isCachedForAll(handler: Handler, isGlobal: boolean): boolean {
  if (getAccessPolicy(handler.method, handler.owner).mode === 'public') return false;
  const interceptors = [handler.owner, handler.method].flatMap(
    (target) => (Reflect.getMetadata(nestMetadata.interceptors, target) ?? []) as unknown[],
  );
  if (!isGlobal && !interceptors.some(usesSharedKey)) return false;
  const key: unknown = Reflect.getMetadata(cacheManagerMetadata.key, handler.method);
  // The application computes the key from the context.
  if (typeof key === 'function') return false;
  const isRead = handler.transport === 'http' && handler.entries.some((entry) => /^(GET|ALL) /.test(entry));
  return isRead || key !== undefined;
}

function listGlobalInterceptors(config: ApplicationConfig | undefined): unknown[] {
  const scoped = config?.getGlobalRequestInterceptors().map(({ metatype }) => metatype) ?? [];
  return [...(config?.getGlobalInterceptors() ?? []), ...scoped];
}

/** Recognizes the interceptor, and a class that extends it and keeps its key. Its package is optional. */
function usesSharedKey(interceptor: unknown): boolean {
  let each: unknown = typeof interceptor === 'function' ? interceptor.prototype : interceptor;
  while (typeof each === 'object' && each !== null) {
    if (Object.hasOwn(each, 'trackBy'))
      return Object.hasOwn(each, 'isRequestCacheable') && each.constructor.name === 'CacheInterceptor';
    each = Object.getPrototypeOf(each);
  }
  return false;
}
