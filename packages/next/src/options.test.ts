import { expect, test, vi } from 'vitest';
import { defaults } from './options.ts';

test('copies of this module have one function for requests to the provider, so that they share its responses', async () => {
  vi.resetModules();
  const copy = await import('./options.ts');
  expect(copy.defaults).not.toBe(defaults);
  expect(copy.defaults.fetch).toBe(defaults.fetch);
});
