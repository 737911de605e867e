import { expect, test } from 'vitest';
import { createWorkerFetch } from '../../src/browser/worker/worker-fetch.ts';

const issuer = 'https://login.example';
const metadata = { issuer, token_endpoint: `${issuer}/token` };
const request = { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token' }) };
const failure = { code: 'network_error', message: expect.stringContaining('Reload the page') };

test('B26: rejects the requests of a terminated worker immediately', async () => {
  const worker = new Worker(new URL('./token-worker-script.ts', import.meta.url), { type: 'module' });
  const isReady = new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => data.type === 'ready' && resolve(data));
  });
  const fetch = createWorkerFetch(worker, { issuer, metadata });
  await isReady;
  // The worker never responds: it is terminated first.
  const waitingRequest = fetch(metadata.token_endpoint, request);
  worker.terminate();
  await expect(waitingRequest).rejects.toMatchObject(failure);
  await expect(fetch(metadata.token_endpoint, request)).rejects.toMatchObject(failure);
});

test('B26: rejects the requests of a worker whose script does not exist immediately', async () => {
  const fetch = createWorkerFetch(() => new Worker('/missing-token-worker.js', { type: 'module' }), {
    issuer,
    metadata,
  });
  await expect(fetch(metadata.token_endpoint, request)).rejects.toMatchObject({
    ...failure,
    code: 'unsupported_by_browser',
  });
});

test('names Trusted Types in the error if the page enforces them for the URL of a worker', async () => {
  const frame = document.createElement('iframe');
  frame.srcdoc = `<meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'">`;
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const { Worker: FrameWorker } = frame.contentWindow as unknown as typeof globalThis;
  const fetch = createWorkerFetch(() => new FrameWorker('/token-worker.js'), { issuer, metadata });
  await expect(fetch(metadata.token_endpoint, request)).rejects.toMatchObject({
    code: 'unsupported_by_browser',
    message: expect.stringContaining('Trusted Types'),
  });
  frame.remove();
});
