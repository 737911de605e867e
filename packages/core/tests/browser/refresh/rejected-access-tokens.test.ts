// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { expect, test } from 'vitest';
import { createMemoryStorage } from '../../../src/browser/state/token-storage.ts';
import { advanceClock, createPage, openSignedInPage, provider } from '../../support/browser/browser-page.ts';
import { changeUser, malformedTokenResponses } from '../../support/malformed-token-responses.ts';

// The response to a refresh has a new refresh token, but its access token is rejected.

type Change = typeof provider.body;

const responses: Readonly<Record<string, Change>> = {
  'another token_type': (body) => ({ ...body, token_type: 'DPoP' }),
  'no token_type': ({ token_type: _, ...body }) => body,
  'no access_token': ({ access_token: _, ...body }) => body,
  'an empty access_token': (body) => ({ ...body, access_token: '' }),
  'an invalid expires_in': (body) => ({ ...body, expires_in: 'soon' }),
  'an invalid scope': (body) => ({ ...body, scope: 7 }),
};

test.each(Object.entries(responses))(
  'K11: keeps the refresh token of a response with %s, and refreshes with it after a pause',
  async (_, change) => {
    const unchanged = provider.body;
    const storage = { ...createMemoryStorage(), reach: 'shared' as const };
    const { auth } = await openSignedInPage({ storage });
    provider.body = change;
    advanceClock(61);
    for (let calls = 0; calls < 5; calls++) {
      await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'token_response_invalid' });
    }
    expect(provider.tokenRequests).toHaveLength(2);
    // The pauses grow.
    advanceClock(11);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'token_response_invalid' });
    advanceClock(11);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'token_response_invalid' });
    expect(provider.tokenRequests).toHaveLength(3);
    expect(auth.snapshot().status).toBe('signed-in');
    provider.body = unchanged;
    // Another tab has no pause, and uses the stored refresh token.
    const { auth: other } = createPage({ storage });
    await other.start();
    await other.getAccessToken();
    expect(provider.tokenRequests).toHaveLength(4);
    const sent = provider.tokenRequests.slice(1).map(({ parameters }) => parameters.get('refresh_token'));
    expect(new Set(sent).size).toBe(3);
  },
);

test.each(Object.entries(malformedTokenResponses))(
  'K11: keeps the refresh token of a response with %s',
  async (_, change) => {
    const { auth } = await openSignedInPage();
    provider.text = change;
    advanceClock(61);
    await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'response_malformed' });
    provider.text = (text) => text;
    advanceClock(11);
    await auth.getAccessToken();
    const sent = provider.tokenRequests.slice(1).map(({ parameters }) => parameters.get('refresh_token'));
    expect(new Set(sent).size).toBe(2);
    expect(auth.snapshot().status).toBe('signed-in');
  },
);

test('K11: returns a valid token, and keeps the refresh token', async () => {
  const unchanged = provider.body;
  const { auth } = await openSignedInPage();
  provider.body = (body) => ({ ...body, token_type: 'mac' });
  advanceClock(40);
  await auth.getAccessToken();
  expect(provider.tokenRequests).toHaveLength(2);
  provider.body = unchanged;
  advanceClock(25);
  await auth.getAccessToken();
  expect(provider.tokenRequests).toHaveLength(3);
  expect(auth.snapshot().status).toBe('signed-in');
});

test('K11: ends the login if a rejected response has an ID token of another user', async () => {
  const { auth } = await openSignedInPage();
  provider.claims = (claims) => ({ ...claims, sub: 'mallory' });
  provider.body = (body) => ({ ...body, token_type: 'mac' });
  advanceClock(61);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(auth.snapshot().status).not.toBe('signed-in');
});

test('C1: ends the login if a response with malformed JSON has an ID token of another user', async () => {
  const { auth } = await openSignedInPage();
  provider.text = (text) => `${changeUser(text).slice(0, -1)},}`;
  advanceClock(61);
  await expect(auth.getAccessToken()).rejects.toMatchObject({ code: 'session_ended' });
  expect(auth.snapshot().status).not.toBe('signed-in');
});
