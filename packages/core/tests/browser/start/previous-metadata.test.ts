// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test } from 'vitest';
import { advanceClock, openSignedInPage, provider } from '../../support/browser/browser-page.ts';

test.each([
  ['status 404', () => new Response(null, { status: 404 })],
  ['an HTML page', () => new Response('<h1>Not found</h1>', { headers: { 'content-type': 'text/html' } })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: '/' } })],
])('uses the previous metadata if a proxy responds with %s in place of the provider', async (_, respond) => {
  let isReplaced = false;
  const { auth } = await openSignedInPage({
    fetch: async (url, init) =>
      isReplaced && url.includes('.well-known') ? respond() : provider.fetch(url, init),
  });
  isReplaced = true;
  advanceClock(2 * 3600);
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
});

test('uses the previous metadata for a day while the provider is unavailable', async () => {
  let isMetadataUnavailable = false;
  const { auth } = await openSignedInPage({
    fetch: async (url, init) =>
      isMetadataUnavailable && url.includes('.well-known')
        ? new Response(null, { status: 503 })
        : provider.fetch(url, init),
  });
  isMetadataUnavailable = true;
  advanceClock(2 * 3600);
  expect(await auth.getAccessToken()).toMatchObject({ accessToken: expect.any(String) });
  advanceClock(25 * 3600);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'server_error' });
});
