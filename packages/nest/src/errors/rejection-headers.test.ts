import { Logger } from '@nestjs/common';
import { ExceptionsHandler } from '@nestjs/core/exceptions/exceptions-handler.js';
import { afterEach, expect, test, vi } from 'vitest';

const { next } = ExceptionsHandler.prototype;
afterEach(() => {
  ExceptionsHandler.prototype.next = next;
  vi.doUnmock('@nestjs/core/exceptions/exceptions-handler.js');
});

/** Loads a copy of the package. */
async function loadCopy() {
  vi.resetModules();
  const { RejectionHeaders } = await import('./rejection-headers.ts');
  return () => new RejectionHeaders().onModuleInit();
}

test('each copy of the package replaces the method of Nest once, for any count of applications', async () => {
  const [first, second] = [await loadCopy(), await loadCopy()];
  const methods = new Set<unknown>();
  for (const start of [first, first, second, second, first, second]) {
    await start();
    methods.add(ExceptionsHandler.prototype.next);
  }
  expect(methods.size).toBe(2);
});

test('warns at the start if Nest does not have the method', async () => {
  vi.doMock('@nestjs/core/exceptions/exceptions-handler.js', () => ({ ExceptionsHandler: undefined }));
  const start = await loadCopy();
  const warn = vi.fn();
  Logger.overrideLogger({ warn, error: vi.fn(), log: vi.fn() });
  await start();
  expect(warn).toHaveBeenCalledOnce();
  expect(String(warn.mock.calls[0]?.[0])).toContain('ExceptionsHandler');
});
