import { getCurrentProcess } from '../../simulation/replace-globals.ts';
import type { ModelProcess } from '../../simulation/scheduler.ts';

/** The global objects of a page that the browser client uses. */
export interface PageGlobals {
  readonly window: unknown;
  readonly document: unknown;
  readonly location: URL;
  readonly history: unknown;
  readonly navigator: unknown;
  readonly sessionStorage: unknown;
  readonly localStorage: unknown;
  readonly BroadcastChannel: unknown;
}

/** The global objects of each page. */
const pages = new WeakMap<ModelProcess, PageGlobals>();

/** Code that runs in this process sees these objects. */
export const setPageGlobals = (process: ModelProcess, globals: PageGlobals): void =>
  void pages.set(process, globals);

const names: readonly (keyof PageGlobals)[] = [
  'window',
  'document',
  'location',
  'history',
  'navigator',
  'sessionStorage',
  'localStorage',
  'BroadcastChannel',
];

/** Replaces the global objects of pages. Code outside a page sees those of Node. Call it once. */
export function replacePageGlobals(): void {
  for (const name of names) {
    const { get, value } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {};
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        const process = getCurrentProcess();
        const globals = process && pages.get(process);
        return globals ? globals[name] : get ? get.call(globalThis) : value;
      },
    });
  }
}
