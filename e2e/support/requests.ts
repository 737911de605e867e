import type { Page } from '@playwright/test';
import { urls } from './environment.ts';

export interface SentRequest {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Records the requests of a page. The returned function waits for the headers of all recorded requests. */
export function recordRequests(page: Page): () => Promise<SentRequest[]> {
  const reading: Promise<SentRequest>[] = [];
  page.on('request', (request) => {
    const sent = request
      .allHeaders()
      .then((headers) => ({ url: request.url(), body: request.postData() ?? '', headers }));
    // The caller of the returned function handles the error. A test that ends earlier ignores it.
    sent.catch(() => {});
    reading.push(sent);
  });
  return () => Promise.all(reading);
}

/** Waits for the next request to a route of the API, except CORS preflights. */
export const waitForCall = (page: Page, path: string, method = 'GET') =>
  page.waitForRequest((request) => request.url() === `${urls.nestApi}${path}` && request.method() === method);

/** Decodes the payload of the access token in an Authorization header. */
export function decodePayload(authorization: string | undefined): Record<string, string> {
  const payload = (authorization ?? '').split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
