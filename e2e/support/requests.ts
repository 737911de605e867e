import type { Page } from '@playwright/test';
import { urls } from './environment.ts';

export interface SentRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Records every request of a page from now on. Headers are known only after a request went out, so they are read
 * meanwhile; the function that is returned waits for all of them.
 */
export function recordRequests(page: Page): () => Promise<SentRequest[]> {
  const reading: Promise<SentRequest>[] = [];
  page.on('request', (request) => {
    const sent = request
      .allHeaders()
      .then((headers) => ({ url: request.url(), body: request.postData() ?? '', headers }));
    // A failure is seen by whoever waits; a test that ends before must not fail for it.
    sent.catch(() => {});
    reading.push(sent);
  });
  return () => Promise.all(reading);
}

/** The next request from the page to a route of the API; the browser's own questions about CORS do not count. */
export const nextCall = (page: Page, path: string, method = 'GET') =>
  page.waitForRequest((request) => request.url() === `${urls.nestApi}${path}` && request.method() === method);

/** An access token, as the API reads it. */
export function payloadOf(authorization: string | undefined): Record<string, string> {
  const payload = (authorization ?? '').split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
