import { expect, test } from 'vitest';
import { createClient } from '../index.ts';
import * as contexts from './client-context.ts';

const client = createClient({ issuer: 'https://auth.example.test', clientId: 'web' });

/** Loads a module of another copy of this package. */
const loadCopy = () => {
  const path = './client-context.ts?copy';
  return import(/* @vite-ignore */ path) as Promise<typeof contexts>;
};

test('names another copy of the package that created a client', async () => {
  const { getClientContext } = await loadCopy();
  expect(() => getClientContext(client)).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      code: 'duplicate_package',
      message: expect.stringContaining('npm ls @countersign/core'),
    }),
  );
});

test.each([[{ ...client }], [{}], [undefined], ['client'], [null]])(
  'rejects %j, which createClient() did not create',
  (value) => {
    const read = () => contexts.getClientContext(value as never);
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  },
);

test('the mark of a client is not enumerable', () => {
  expect(Object.keys(client)).toEqual(['issuer', 'clientId', 'options']);
  expect(JSON.parse(JSON.stringify(client))).not.toHaveProperty('countersign');
});
