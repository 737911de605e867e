// Next's own record of what it is doing; `server.ts` says why no public function serves.
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';

/** What Next is doing: answering a request, or filling a cache. */
export interface WorkUnit {
  readonly type?: string;
  /** The page, base path left out. */
  readonly url?: { readonly pathname: string; readonly search: string };
  /** `action` while cookies can be set, in route handlers too; `render` while a page is rendered. */
  readonly phase?: string;
}

/** What this adapter knows of one unit of Next's work, for as long as Next holds the unit. */
export interface RequestState {
  /** The session was asked for: what is set afterwards counts the next time. */
  asked: boolean;
  /** Session cookies were set on the response. */
  wrote: boolean;
  /** Calls that run at the same time. They share one session. */
  shared: { calls: number } | undefined;
  /** Calls that may still set a cookie. */
  readonly writing: Set<Promise<unknown>>;
}

/** The only state of this package that outlives a call; nothing in it outlives the request. */
const states = new WeakMap<object, RequestState>();

export function stateOf(unit: WorkUnit = {}): RequestState {
  const known = states.get(unit);
  if (known) return known;
  const state = { asked: false, wrote: false, shared: undefined, writing: new Set<never>() };
  states.set(unit, state);
  observeCookies(unit);
  return state;
}

/** Whether a cookie that is set now is sent with the response. */
export const canSetCookies = (unit: WorkUnit | undefined): boolean =>
  unit?.phase === 'action' && (unit as ObservedUnit)[observed]?.collected !== true;

/** Runs what may set a cookie. The response of a protected handler waits for it. */
export async function writing<T>(unit: WorkUnit | undefined, run: () => Promise<T>): Promise<T> {
  const running = run();
  const state = stateOf(unit);
  state.writing.add(running);
  try {
    return await running;
  } finally {
    state.writing.delete(running);
  }
}

/** Waits for what may set a cookie at this moment, and not for what begins afterwards: a stream may never end. */
export async function finishWriting(unit: WorkUnit | undefined): Promise<void> {
  await Promise.allSettled(stateOf(unit).writing);
}

/** Beside the unit, since Next's layers each load a copy of this module, and one copy observes for all. */
const observed = Symbol.for('countersign.next.observed');

interface ObservedUnit extends WorkUnit {
  [observed]?: { collected: boolean };
}

/** What Next reads of its mutable cookies when, and only when, it puts them on the response. */
const modifiedCookies = Symbol.for('next.mutated.cookies');

/**
 * Notices the moment at which Next collects the cookies of a route handler for its response. There is no public function
 * that says it: `cookies().set()` succeeds afterwards, and sets nothing.
 */
function observeCookies(unit: ObservedUnit): void {
  const property = Object.getOwnPropertyDescriptor(unit, 'mutableCookies');
  if (unit.phase !== 'action' || unit[observed] || !property?.configurable) return;
  const state = { collected: false };
  Object.defineProperty(unit, observed, { value: state });
  let cookies: object | undefined;
  const get = () => {
    const own = (property.get ? property.get.call(unit) : property.value) as object;
    cookies ??= new Proxy(own, {
      get(target, name) {
        if (name === modifiedCookies) state.collected = true;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    return cookies;
  };
  Object.defineProperty(unit, 'mutableCookies', { configurable: true, enumerable: true, get });
}

type Run = (unit: WorkUnit | undefined, ...more: unknown[]) => unknown;

/**
 * Observes every route handler from its beginning: a stream may ask for the session for the first time long after the
 * response was returned, and nothing says so then.
 */
export function observeRequests(): void {
  const storage = workUnitAsyncStorage as unknown as { run: Run; [observed]?: true };
  if (storage[observed]) return;
  const run = storage.run.bind(storage);
  storage[observed] = true;
  storage.run = (unit, ...more) => {
    if (unit?.type === 'request') observeCookies(unit);
    return run(unit, ...more);
  };
}
