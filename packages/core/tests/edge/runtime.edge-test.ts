import { expect, test } from 'vitest';

test('runs in an edge runtime with Web Crypto', () => {
  expect((globalThis as { EdgeRuntime?: string }).EdgeRuntime).toBe('edge-runtime');
  expect(crypto.subtle).toBeDefined();
});
