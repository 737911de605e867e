import { ConfigurationError } from '@countersign/core/resource-server';
import { Logger } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { getAccessPolicy } from '../../access/resolve-access.ts';
import { clsMetadata, nestMetadata } from '../../nest-metadata.ts';
import { ApplicationGuard } from '../application-guard.ts';
import { acceptsGlobalGuards, isAccessTokenGuard } from '../coverage.ts';
import { formatHandlerName, type Handler } from '../handler.ts';

interface GuardOrderOptions {
  readonly config: ApplicationConfig | undefined;
  readonly modules: ModulesContainer;
}

/**
 * Finds `ClsGuard` of `nestjs-cls` after the guard of this package. It enters its context with
 * `AsyncLocalStorage.enterWith()`, and Nest's function that runs the guards loses that context if a guard before it was
 * asynchronous. Ours is asynchronous for a token that it has not verified before, so only some requests would fail.
 *
 * Handlers of HTTP and GraphQL are a warning: the application may bind `ClsMiddleware` itself, for example with `app.use()`,
 * which cannot be found.
 *
 * @throws ConfigurationError `invalid_option` that names the handlers of messages
 * @see https://nodejs.org/api/async_context.html#asynclocalstorageenterwithstore
 */
export function checkGuardOrder(handlers: readonly Handler[], options: GuardOrderOptions): void {
  const problems = handlers.flatMap((handler) => findProblem(handler, options) ?? []);
  const certain = problems.filter(({ handler }) => !hasRequest(handler));
  if (certain.length > 0) throw new ConfigurationError('invalid_option', describeProblems(certain));
  if (problems.length > 0)
    new Logger('AuthModule').warn(
      `${describeProblems(problems)} If the application binds ClsMiddleware itself, the handlers have its context: remove ClsGuard.`,
    );
}

interface Problem {
  readonly handler: Handler;
  /** `@UseGuards()` applies `ClsGuard`, and the guard before it is global, so that no order of guards is right. */
  readonly needsInterceptor: boolean;
}

function describeProblems(problems: readonly Problem[]): string {
  const names = problems
    .slice(0, 3)
    .map(({ handler }) => formatHandlerName(handler))
    .join(', ');
  const others = problems.length > 3 ? ` and ${problems.length - 3} other handlers` : '';
  const remedies = [
    problems.some(({ needsInterceptor }) => needsInterceptor) &&
      'Replace @UseGuards(ClsGuard) by @UseInterceptors(ClsInterceptor): a global guard runs before it.',
    problems.some(({ needsInterceptor }) => !needsInterceptor) &&
      'Import ClsModule before AuthModule. In a list of APP_GUARD providers or in @UseGuards(), put ClsGuard before ' +
        'AccessTokenGuard. Or mount the middleware or the interceptor of ClsModule instead of its guard.',
  ].filter(Boolean);
  return (
    `ClsGuard runs after AccessTokenGuard for ${names}${others}, so the handlers would not have its context. ` +
    remedies.join(' ')
  );
}

function findProblem(handler: Handler, { config, modules }: GuardOrderOptions): Problem | undefined {
  // Nest runs no guards on the other resolvers of GraphQL.
  if (handler.graphql && handler.graphql.kind !== 'root') return undefined;
  if (getAccessPolicy(handler.method, handler.owner).mode === 'public') return undefined;
  const globalGuards = acceptsGlobalGuards(handler)
    ? [...(config?.getGlobalGuards() ?? []), ...listTypes(config?.getGlobalRequestGuards())]
    : [];
  const guards = [...globalGuards, ...readEnhancers(handler, nestMetadata.guards)];
  const position = guards.findIndex((guard) => injects(guard, clsMetadata.guard));
  const decider = guards.slice(0, Math.max(position, 0)).findIndex(decides);
  if (decider === -1) return undefined;
  const globalInterceptors = acceptsGlobalGuards(handler)
    ? [...(config?.getGlobalInterceptors() ?? []), ...listTypes(config?.getGlobalRequestInterceptors())]
    : [];
  const interceptors = [...globalInterceptors, ...readEnhancers(handler, nestMetadata.interceptors)];
  if (interceptors.some((interceptor) => injects(interceptor, clsMetadata.interceptor))) return undefined;
  if (hasRequest(handler) && hasMiddleware(modules)) return undefined;
  const isGlobal = decider < globalGuards.length || guards[decider] === ApplicationGuard;
  return { handler, needsInterceptor: isGlobal && position >= globalGuards.length };
}

const hasRequest = ({ transport }: Handler): boolean => transport === 'http' || transport === 'graphql';

const listTypes = (wrappers: readonly { readonly metatype: unknown }[] | undefined): unknown[] =>
  wrappers?.map(({ metatype }) => metatype) ?? [];

/** Reads what decorators of the class and of the handler apply, in Nest's order. */
const readEnhancers = ({ owner, method }: Handler, key: string): unknown[] =>
  [owner, method].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as unknown[]);

const decides = (guard: unknown): boolean => isAccessTokenGuard(guard) || guard === ApplicationGuard;

/** Recognizes a class, or an instance of it, by a parameter of its constructor: bundlers rename classes. */
function injects(enhancer: unknown, token: string): boolean {
  const type: unknown = typeof enhancer === 'function' ? enhancer : (enhancer as object).constructor;
  const parameters = (Reflect.getMetadata(nestMetadata.injectedParameters, type as object) ?? []) as {
    readonly param?: unknown;
  }[];
  return parameters.some(({ param }) => param === token);
}

const hasMiddleware = (modules: ModulesContainer): boolean =>
  [...modules.values()].some(
    ({ providers }) =>
      (providers.get(clsMetadata.middleware)?.instance as { readonly mount?: boolean } | undefined)?.mount ===
      true,
  );
