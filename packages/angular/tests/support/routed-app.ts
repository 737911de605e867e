import { type LocationChangeListener, PlatformLocation } from '@angular/common';
import {
  ApplicationInitStatus,
  Component,
  type EnvironmentProviders,
  ErrorHandler,
  Injectable,
  InjectionToken,
  inject,
  PLATFORM_ID,
  type Provider,
} from '@angular/core';
import { TestBed } from '@angular/core/testing';
import {
  provideRouter,
  Router,
  type RouterFeatures,
  type Routes,
  withHashLocation,
  withRouterConfig,
} from '@angular/router';
import { vi } from 'vitest';
import {
  createTestProvider,
  type TestProvider,
} from '../../../core/tests/support/browser/browser-provider.ts';
import { createFrameDocument } from '../../../core/tests/support/browser/silent-frame.ts';
import type { Auth } from '../../src/auth.ts';
import type { AuthFeature, AuthSettings } from '../../src/config/auth-config.ts';
import { injectAuth } from '../../src/inject-auth.ts';
import { provideAuth } from '../../src/provide-auth.ts';

@Component({ template: '' })
export class EmptyPage {}

/** Options that replace those of the application. */
export type ConfigPart = Partial<AuthSettings> & { readonly issuer?: string };

export interface PageOptions {
  readonly routes: Routes;
  readonly config?: ConfigPart;
  readonly features?: readonly AuthFeature[];
  readonly base?: string;
  /** The page has no element `<base>`. */
  readonly isBaseMissing?: boolean;
  readonly hash?: boolean;
  /** Responds to a silent login: receives the URL of its frame, and returns the final URL. */
  readonly frame?: (url: string) => string;
  /** Resolves before the first navigation ends. */
  readonly until?: (router: Router) => Promise<unknown>;
  readonly providers?: readonly (Provider | EnvironmentProviders)[];
}

export interface TestPage {
  readonly auth: Auth;
  readonly router: Router;
  /** Errors that Angular reported. */
  readonly errors: unknown[];
  /** URLs to which the browser left the page. */
  readonly left: string[];
}

let listeners: [name: string, listener: () => void][] = [];

/** Dispatches an event of the window, such as `online`. */
export function dispatch(name: string): void {
  for (const [listenedName, listener] of listeners) if (listenedName === name) listener();
}

/** A browser tab: real router, guards and client; the provider is inside the test. */
export async function createTab() {
  const provider: TestProvider = await createTestProvider(() => Date.now());
  const items = new Map<string, string>();
  let left: string[] = [];

  /** Loads a page of the application, and waits for the end of its first navigation or until the page is left. */
  async function open(href: string, options: PageOptions): Promise<TestPage> {
    TestBed.resetTestingModule();
    left = [];
    const page = { left, errors: [] as unknown[] };
    const base = options.isBaseMissing ? href : (options.base ?? '/');
    showPage(href, { ...options, base, items, leave: (url) => page.left.push(url) });
    TestBed.configureTestingModule({
      providers: [
        { provide: PLATFORM_ID, useValue: 'browser' },
        { provide: PlatformLocation, useClass: PagePlatformLocation },
        { provide: IS_BASE_MISSING, useValue: options.isBaseMissing ?? false },
        { provide: ErrorHandler, useValue: { handleError: (error: unknown) => page.errors.push(error) } },
        provideRouter(
          options.routes,
          withRouterConfig({ resolveNavigationPromiseOnError: true }),
          ...((options.hash ? [withHashLocation()] : []) as RouterFeatures[]),
        ),
        provideAuth(
          { issuer: provider.issuer, clientId: 'spa', fetch: provider.fetch, ...options.config },
          ...(options.features ?? []),
        ),
        ...(options.providers ?? []),
      ],
    });
    await TestBed.inject(ApplicationInitStatus).donePromise;
    const router = TestBed.inject(Router);
    const auth = TestBed.runInInjectionContext(() => injectAuth());
    const settled = new Promise<void>((resolve) => {
      const subscription = router.events.subscribe((event) => {
        // NavigationEnd, NavigationCancel without a redirect, NavigationError.
        if (![1, 2, 3].includes(event.type as number) || ('code' in event && event.code === 0)) return;
        if ('error' in event) page.errors.push(event.error);
        subscription.unsubscribe();
        resolve();
      });
    });
    router.initialNavigation();
    const leaves = vi.waitFor(() => page.left.length || Promise.reject(), { timeout: 5000 });
    await Promise.race([settled, leaves, options.until?.(router)].filter(Boolean));
    leaves.catch(() => {});
    return { ...page, auth, router };
  }

  return { provider, open, items };
}

/** Replaces the globals of a page. */
function showPage(
  href: string,
  {
    base,
    items,
    leave,
    frame = (url) => url,
  }: Pick<PageOptions, 'frame'> & {
    base: string;
    items: Map<string, string>;
    leave: (url: string) => void;
  },
): void {
  const location = new URL(href);
  Object.assign(location, { assign: leave, replace: leave });
  vi.stubGlobal('location', location);
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('document', { baseURI: new URL(base, href).href, ...createFrameDocument(frame) });
  listeners = [];
  vi.stubGlobal(
    'addEventListener',
    (name: string, listener: () => void, { signal }: { signal?: AbortSignal } = {}) =>
      listeners.push([name, () => !signal?.aborted && listener()]),
  );
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      postMessage() {}
      close() {}
    },
  );
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  });
  const replaceState = (_state: unknown, _title: string, url: string) => {
    location.href = new URL(url, document.baseURI).href;
  };
  vi.stubGlobal('history', { state: null, replaceState, pushState: replaceState });
}

const IS_BASE_MISSING = new InjectionToken<boolean>('');

/** Reads and writes the globals of the page. */
@Injectable()
class PagePlatformLocation extends PlatformLocation {
  private readonly isBaseMissing = inject(IS_BASE_MISSING);
  getBaseHrefFromDOM = () => (this.isBaseMissing ? (null as never) : new URL(document.baseURI).pathname);
  getState = () => null;
  onPopState = (_listener: LocationChangeListener) => () => {};
  onHashChange = (_listener: LocationChangeListener) => () => {};
  get href() {
    return location.href;
  }
  get protocol() {
    return location.protocol;
  }
  get hostname() {
    return location.hostname;
  }
  get port() {
    return location.port;
  }
  get pathname() {
    return location.pathname;
  }
  get search() {
    return location.search;
  }
  get hash() {
    return location.hash;
  }
  replaceState = (state: unknown, title: string, url: string) => history.replaceState(state, title, url);
  pushState = (state: unknown, title: string, url: string) => history.pushState(state, title, url);
  forward = () => {};
  back = () => {};
}
