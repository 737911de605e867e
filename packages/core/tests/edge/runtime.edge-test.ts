import { expect, test } from 'vitest';

test('this suite runs in an edge runtime: without process and Buffer as a platform, with Web Crypto', () => {
  expect((globalThis as { EdgeRuntime?: string }).EdgeRuntime).toBe('edge-runtime');
  expect(crypto.subtle).toBeDefined();
});
