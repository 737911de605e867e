import { createWebStorage } from '@countersign/core/browser';
import { expect, test } from 'vitest';
import { withWorker } from './with-worker.ts';

const config = { issuer: 'https://login.example', clientId: 'spa', allowInsecureIssuer: false };

test('the worker is told the issuer once, and the client sends its token requests to it', async () => {
  const told: unknown[] = [];
  const worker = { onmessage: null, postMessage: (message: unknown) => void told.push(message) };
  const { fetch } = withWorker(() => worker).configure?.(config) ?? {};
  expect(told).toEqual([{ type: 'start', issuer: config.issuer, allowInsecureIssuer: false }]);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'stand-in' });
  void fetch?.('https://login.example/token', { method: 'POST', body });
  expect(told[1]).toMatchObject({
    type: 'request',
    url: 'https://login.example/token',
    body: body.toString(),
  });
});

test('B8: stand-ins are not kept in a storage that outlives the worker, and no worker is made', () => {
  const feature = withWorker(() => {
    throw new Error('made');
  });
  expect(() => feature.configure?.({ ...config, storage: createWebStorage('shared') })).toThrow(
    /withStorage/,
  );
});
