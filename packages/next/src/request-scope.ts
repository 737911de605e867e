// The state of this package for one unit of Next's work. It exists as long as Next references the unit.

import { ConfigurationError } from '@countersign/core';
import { isNeverShared } from '@countersign/core/session/adapter';
// Next's own records of its work. `app-router-session.ts` explains why no public function is sufficient.
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { markPrivate } from './private-response.ts';

/** A unit of Next's work: the handling of a request, or the filling of a cache. */
export interface WorkUnit {
  readonly type?: string;
  /** The page, without base path. */
  readonly url?: { readonly pathname: string; readonly search: string };
  /** `action` while cookies can be set, including in route handlers; `render` while a page is rendered. */
  readonly phase?: string;
}

/**
 * The state of this package for one unit of work. It is created when the unit begins, or at the first call within it,
 * and passed to every function that needs it. All copies of this module that Next loads share it.
 */
export interface RequestScope {
  /** `undefined` outside a request. Such a scope belongs to one call. */
  readonly unit: WorkUnit | undefined;
  /** The `Cookie` header of the proxy's or handler's request, before the application can change it. */
  receivedCookies: string | null | undefined;
  /** The session was opened before, so the framework's cookies may differ from the request's. */
  hasOpenedSession: boolean;
  /** A call of this package has begun to use the session. */
  usesSession: boolean;
  /** The request of a route handler has a method whose response caches may store. */
  isStorable: boolean;
  /** A route handler has returned a response that shared caches may store, before the session was used. */
  hasReturnedShared: boolean;
  /** A session cookie was set on the response. */
  hasSetCookies: boolean;
  /** Next has collected the cookies for the response. Cookies that are set afterwards are lost. */
  hasCollectedCookies: boolean;
  /** Another worker of Next has forwarded this action, and removes the cookies from the response. */
  isForwarded: boolean;
  /** The handler or action is observed from its beginning, so its completion is detected. */
  isObserved: boolean;
  /** A wrapper of this package marks the response of the handler as private. */
  isProtected: boolean;
  /** The handler or action has returned or thrown. Next sends the response; in actions, the phase may stay `action`. */
  hasEnded: boolean;
  /** Functions that keep new tokens for the next request, because the response may lack the cookie that contains them. */
  readonly retentions: Set<() => Promise<void>>;
  /** Calls that run at the same time. They share one session. */
  concurrentCalls: { count: number } | undefined;
  /** Calls that may still set a cookie. */
  readonly pendingWrites: Set<Promise<unknown>>;
}

const scopesKey = Symbol.for('countersign.next.scopes');
const globalState = globalThis as { [scopesKey]?: WeakMap<WorkUnit, RequestScope> };

/** Returns the scope of the current unit of work. */
export const getRequestScope = (): RequestScope =>
  findOrCreateScope(workUnitAsyncStorage.getStore() as WorkUnit | undefined);

function findOrCreateScope(unit: WorkUnit | undefined): RequestScope {
  globalState[scopesKey] ??= new WeakMap();
  const knownScope = unit && globalState[scopesKey].get(unit);
  if (knownScope) return knownScope;
  const scope: RequestScope = {
    unit,
    receivedCookies: undefined,
    hasOpenedSession: false,
    usesSession: false,
    isStorable: false,
    hasReturnedShared: false,
    hasSetCookies: false,
    hasCollectedCookies: false,
    isForwarded: false,
    isObserved: false,
    isProtected: false,
    hasEnded: false,
    retentions: new Set(),
    concurrentCalls: undefined,
    pendingWrites: new Set(),
  };
  if (unit) {
    globalState[scopesKey].set(unit, scope);
    observeCookies(unit, scope);
  }
  return scope;
}

/** Checks whether a cookie that is set now is sent with the response. */
export const canSetCookies = ({ unit, hasCollectedCookies, isForwarded, hasEnded }: RequestScope): boolean =>
  unit?.phase === 'action' && !hasCollectedCookies && !isForwarded && !hasEnded;

/** @throws ConfigurationError in a shared cache */
export function rejectSharedCache(unit: WorkUnit | undefined): void {
  if (unit?.type !== 'cache' && unit?.type !== 'unstable-cache') return;
  throw new ConfigurationError(
    'wrong_context',
    'The session was read inside "use cache", which would return the data of one user to another. Read it outside and pass what you need as an argument, or use "use cache: private".',
  );
}

/**
 * Next passes the response of a route handler only to an observer that existed before the handler began. The first handler
 * of a process begins earlier if it loads this package itself.
 *
 * @throws ConfigurationError in a route handler whose response cannot be marked as private
 */
export function rejectUnobservedHandler({ unit, isObserved, isProtected }: RequestScope): void {
  if (isObserved || isProtected || unit?.type !== 'request' || !isRouteHandler()) return;
  throw new ConfigurationError(
    'shared_cache',
    'The route handler began before @countersign/next was loaded, so its response cannot be marked as private, and a shared cache could store it. Import the module of createAuth() at the top of the route, not within the handler, or wrap the handler in auth.protected.handler().',
  );
}

/**
 * Records that the session is used, synchronously with the call of the application: a handler may return the response of a
 * stream that it has started.
 *
 * @throws ConfigurationError in work that a route handler has started, if its response can no longer be marked as private.
 *   In `after()`, the response has been sent.
 */
export function beginUse(scope: RequestScope): void {
  scope.usesSession = true;
  if (!scope.hasReturnedShared || scope.unit?.phase !== 'action') return;
  throw new ConfigurationError(
    'shared_cache',
    'The session was used for the first time after the route handler had returned its response, which could not be marked as private, so a shared cache could store it. Call getSession() or getAccessToken() before you return the response, or wrap the handler in auth.protected.handler().',
  );
}

const isRouteHandler = (): boolean => workAsyncStorage.getStore()?.page?.endsWith('/route') === true;

/** Runs a call that may set a cookie. The response of a protected handler waits for it. */
export async function runWrite<T>({ pendingWrites }: RequestScope, run: () => Promise<T>): Promise<T> {
  const write = run();
  pendingWrites.add(write);
  try {
    return await write;
  } finally {
    pendingWrites.delete(write);
  }
}

/** Waits for the pending writes. It does not wait for writes that begin afterwards, because a stream may never end. */
export async function finishWrites({ pendingWrites }: RequestScope): Promise<void> {
  await Promise.allSettled(pendingWrites);
}

/** Runs a call on the session that it shares with all concurrent calls of the scope. */
export async function runSharedCall<T>(scope: RequestScope, run: () => Promise<T>): Promise<T> {
  scope.concurrentCalls ??= { count: 0 };
  const calls = scope.concurrentCalls;
  calls.count++;
  try {
    return await run();
  } finally {
    if (--calls.count === 0) scope.concurrentCalls = undefined;
  }
}

/** The property of its mutable cookies that Next reads only when it sets them on the response. */
const modifiedCookies = Symbol.for('next.mutated.cookies');

/**
 * Detects when Next collects the cookies of a route handler for its response. Next has no public function for it:
 * `cookies().set()` succeeds afterwards, but sets nothing.
 */
function observeCookies(unit: WorkUnit, scope: RequestScope): void {
  const property = Object.getOwnPropertyDescriptor(unit, 'mutableCookies');
  if (unit.phase !== 'action' || !property?.configurable) return;
  let cookies: object | undefined;
  const get = () => {
    const mutableCookies = (property.get ? property.get.call(unit) : property.value) as object;
    cookies ??= new Proxy(mutableCookies, {
      get(target, name) {
        if (name === modifiedCookies) scope.hasCollectedCookies = true;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return cookies;
  };
  Object.defineProperty(unit, 'mutableCookies', { configurable: true, enumerable: true, get });
}

type RunUnit = (unit: WorkUnit | undefined, ...otherArguments: unknown[]) => unknown;

const observedKey = Symbol.for('countersign.next.observed');

/**
 * Observes every route handler and server action from its beginning to its end. A stream, or a promise that is not
 * awaited, may use the session for the first time afterwards, when no cookie can be set.
 */
export function observeRequests(): void {
  const storage = workUnitAsyncStorage as unknown as {
    run: RunUnit;
    getStore(): WorkUnit | undefined;
    [observedKey]?: true;
  };
  if (storage[observedKey]) return;
  const run = storage.run.bind(storage);
  storage[observedKey] = true;
  storage.run = (unit, ...otherArguments) => {
    if (unit?.type !== 'request' || unit.phase !== 'action') return run(unit, ...otherArguments);
    const scope = findOrCreateScope(unit);
    const [, request] = otherArguments;
    if (!scope.hasOpenedSession) scope.receivedCookies ??= readCookies(request);
    // Next enters the unit again to call the handler, with the request.
    if (isRouteHandler()) scope.isStorable ||= /^(?:GET|HEAD)$/.test(readMethod(request) ?? '');
    // Next may enter the same unit again within the handler.
    const isNested =
      scope.isObserved || scope.hasOpenedSession || (storage.getStore() === unit && isRouteHandler());
    if (isNested) return run(unit, ...otherArguments);
    scope.isObserved = true;
    return observeEnd(scope, () => run(unit, ...otherArguments));
  };
}

/** Reads the `Cookie` header of a route handler's request. In a static page, Next's request throws. */
function readCookies(request: unknown): string | null | undefined {
  try {
    return request instanceof Request ? request.headers.get('cookie') : undefined;
  } catch {
    return undefined;
  }
}

/** In a static page, Next's request throws. */
function readMethod(request: unknown): string | undefined {
  try {
    return request instanceof Request ? request.method : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the result unchanged, because Next may compare it or await it. */
function observeEnd(scope: RequestScope, run: () => unknown): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    endScope(scope, { isFailed: true });
    throw error;
  }
  // This callback runs before those of Next, which are added to the same promise later.
  Promise.resolve(result).then(
    (value) => {
      if (value instanceof Response) finishHandler(scope, value);
      endScope(scope, { isFailed: false, isResponse: value instanceof Response });
    },
    () => endScope(scope, { isFailed: true }),
  );
  return result;
}

/** A response without body has been sent completely: later work adds nothing to it. */
function finishHandler(scope: RequestScope, response: Response): void {
  if (scope.usesSession) markPrivate(scope, response);
  else if (scope.isStorable && !scope.isProtected && response.body)
    scope.hasReturnedShared = !isNeverShared(response.headers.get('cache-control') ?? '');
}

/** Next sends no cookies with the response of a handler that threw or called `notFound()`. */
function endScope(
  scope: RequestScope,
  { isFailed, isResponse = false }: { readonly isFailed: boolean; readonly isResponse?: boolean },
): void {
  scope.hasEnded = true;
  if (scope.hasCollectedCookies || !(isFailed || isResponse)) return;
  for (const retain of scope.retentions) void retain().catch(() => {});
}
