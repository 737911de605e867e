import { redirect } from 'next/dist/client/components/redirect.js';
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js';
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js';
import { redirect as publicRedirect } from 'next/navigation.js';
import { expect, test } from 'vitest';

test('Next has the internal modules that this package imports, and they behave like the public ones', () => {
  expect(redirect).toBe(publicRedirect);
  expect(workAsyncStorage.getStore()).toBeUndefined();
  expect(workUnitAsyncStorage.getStore()).toBeUndefined();
  workUnitAsyncStorage.run({ type: 'cache' } as never, () => {
    expect(workUnitAsyncStorage.getStore()).toMatchObject({ type: 'cache' });
  });
});
