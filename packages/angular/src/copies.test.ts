import { HttpRequest, HttpResponse } from '@angular/common/http';
import {
  createEnvironmentInjector,
  type EnvironmentInjector,
  Injector,
  PLATFORM_ID,
  runInInjectionContext,
} from '@angular/core';
import type { BrowserAuth } from '@countersign/core/browser';
import { of } from 'rxjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import * as first from './index.ts';

type Copy = typeof first;

const client = {
  snapshot: () => ({ status: 'signed-out' }),
  subscribe: () => () => {},
} as unknown as BrowserAuth;

/** Loads another copy of this package, as a second version in node_modules is. */
async function loadCopy(): Promise<Copy> {
  vi.resetModules();
  return import('./index.ts');
}

beforeEach(() => void vi.stubGlobal('document', { baseURI: 'https://app.example/' }));
afterEach(() => void vi.unstubAllGlobals());

const createInjector = (...copies: Copy[]) =>
  createEnvironmentInjector(
    [
      { provide: PLATFORM_ID, useValue: 'browser' },
      ...copies.map((copy) => copy.provideAuthClient({}, client)),
    ],
    Injector.NULL as EnvironmentInjector,
  );

const send = (copy: Copy, injector: EnvironmentInjector) =>
  runInInjectionContext(injector, () =>
    copy.authInterceptor(new HttpRequest('GET', 'https://api.example/items'), () => of(new HttpResponse())),
  );

const duplicate = expect.objectContaining({ name: 'ConfigurationError', code: 'duplicate_package' });

test('the interceptor of another copy sends no request without a token', async () => {
  const second = await loadCopy();
  expect(() => send(second, createInjector(first))).toThrow(duplicate);
  expect(() => send(first, createInjector(second))).toThrow(duplicate);
});

test('injectAuth of another copy throws an error that names the cause', async () => {
  const second = await loadCopy();
  expect(() => runInInjectionContext(createInjector(first), () => second.injectAuth())).toThrow(duplicate);
});

test('two copies in one application are rejected', async () => {
  const second = await loadCopy();
  const injector = createInjector(first, second);
  for (const copy of [first, second]) expect(() => send(copy, injector)).toThrow(duplicate);
});

test('accepts several clients of one copy, and an application without a client', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() => send(first, createInjector(first, first))).not.toThrow();
  expect(() => send(first, createInjector())).not.toThrow();
});
