// @platforms node, edge: browsers always have these classes.
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('encodes and decodes texts with classes that were added after the import', async () => {
  const { TextDecoder, TextEncoder } = globalThis;
  vi.stubGlobal('TextEncoder', undefined);
  vi.stubGlobal('TextDecoder', undefined);
  vi.resetModules();
  const { decodeUtf8, encodeUtf8 } = await import('./encoding.ts');
  vi.stubGlobal('TextEncoder', TextEncoder);
  vi.stubGlobal('TextDecoder', TextDecoder);
  expect(decodeUtf8(encodeUtf8('ä'))).toBe('ä');
});
