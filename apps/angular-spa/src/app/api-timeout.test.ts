// The Angular packages are partially compiled. Without a linker, the compiler completes them at run time.
import '@angular/compiler';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpResource, provideHttpClient, withFetch, withInterceptors } from '@angular/common/http';
import { provideZonelessChangeDetection } from '@angular/core';
import { TestBed, TestComponentRenderer } from '@angular/core/testing';
import { platformServer, ServerModule } from '@angular/platform-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createApiTimeout } from './api-timeout.ts';
import { describeError } from './errors/describe-error.ts';

/** An API that receives requests and never responds. */
let api: Server;

beforeAll(async () => {
  const renderer = { provide: TestComponentRenderer, useClass: TestComponentRenderer, deps: [] };
  TestBed.initTestEnvironment(ServerModule, platformServer([renderer]));
  api = createServer(() => {});
  await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  api.closeAllConnections();
  await new Promise((resolve) => api.close(resolve));
});

test('a resource of an API that never responds ends with an error for the user', async () => {
  TestBed.configureTestingModule({
    providers: [
      provideZonelessChangeDetection(),
      provideHttpClient(withFetch(), withInterceptors([createApiTimeout(200)])),
    ],
  });
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/items`;
  const items = TestBed.runInInjectionContext(() => httpResource(() => url));
  await vi.waitFor(() => expect(items.isLoading()).toBe(false), { timeout: 10_000 });
  expect(describeError(items.error())).toContain('The API cannot be reached');
});
