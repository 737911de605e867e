import { createWebStorage } from '@countersign/core/browser';
import { expect, test } from 'vitest';
import { withWorker } from './with-worker.ts';

const config = { issuer: 'https://login.example', clientId: 'spa', allowInsecureIssuer: false };

test('sends the issuer to the worker once, and then the token requests', async () => {
  const messages: unknown[] = [];
  const worker = { onmessage: null, postMessage: (message: unknown) => void messages.push(message) };
  const { fetch } = withWorker(() => worker).configure?.(config) ?? {};
  expect(messages).toEqual([
    { type: 'start', issuer: config.issuer, allowInsecureIssuer: false, lockName: expect.any(String) },
  ]);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'stand-in' });
  void fetch?.('https://login.example/token', { method: 'POST', body });
  expect(messages[1]).toMatchObject({
    type: 'request',
    url: 'https://login.example/token',
    body: body.toString(),
  });
});

test('B8: rejects a storage that outlives the worker, and creates no worker', () => {
  const feature = withWorker(() => {
    throw new Error('created');
  });
  expect(() => feature.configure?.({ ...config, storage: createWebStorage('shared') })).toThrow(
    /withStorage/,
  );
});

test('passes static metadata to the worker, and sends other requests with the fetch of the configuration', async () => {
  const messages: unknown[] = [];
  const worker = { onmessage: null, postMessage: (message: unknown) => void messages.push(message) };
  const metadata = {
    issuer: config.issuer,
    token_endpoint: 'https://login.example/token',
    jwks_uri: 'https://login.example/keys',
  };
  const requestedUrls: string[] = [];
  const fetch = async (url: string) => {
    requestedUrls.push(url);
    return new Response();
  };
  const configured = withWorker(() => worker).configure?.({ ...config, metadata, fetch } as never);
  const { jwks_uri: keysUrl, ...sent } = metadata;
  expect(messages).toEqual([expect.objectContaining({ metadata: sent })]);
  await configured?.fetch?.(keysUrl, {});
  expect(requestedUrls).toEqual([keysUrl]);
});
