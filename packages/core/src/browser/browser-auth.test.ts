// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import {
  createPage,
  events,
  type PageOptions,
  provider,
  startLogin,
} from '../../tests/support/browser/browser-page.ts';
import { json } from '../../tests/support/browser/browser-provider.ts';

test('C7: events, errors and the snapshot contain no token, code, verifier or state', async () => {
  const secrets = new Set<string>();
  const errors: unknown[] = [];
  const page = createPage();
  await page.auth.start();
  const url = await startLogin(page);
  for (const name of ['state', 'nonce', 'code_challenge'])
    secrets.add(new URL(url).searchParams.get(name) as string);
  const callback = provider.approve(url);
  secrets.add(new URL(callback).searchParams.get('code') as string);
  provider.body = (body) => {
    for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.add(body[name] as string);
    return body;
  };
  await page.auth.handleCallback(callback);
  await page.auth.handleCallback(callback).catch((error: unknown) => errors.push(error));
  for (const intercept of [
    () => json({ error: 'invalid_request', error_description: 'no' }, { status: 400 }),
    () => new Response('nothing', { status: 200 }),
    () => new Response(null, { status: 503 }),
    () => json({ error: 'invalid_grant' }, { status: 400, headers: { 'content-type': 'application/json' } }),
  ]) {
    provider.intercept = intercept;
    await page.auth.getAccessToken({ forceRefresh: true }).catch((error: unknown) => errors.push(error));
  }
  for (const { parameters } of provider.tokenRequests) secrets.add(parameters.get('code_verifier') ?? url);
  expect(errors.length).toBeGreaterThan(3);
  expect(secrets.size).toBeGreaterThan(7);
  const printedErrors = errors.map(
    (error) => `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`,
  );
  const output = [
    ...printedErrors,
    JSON.stringify(events),
    JSON.stringify({ ...page.auth.snapshot(), claims: null }),
  ].join('\n');
  for (const secret of secrets) expect(output.includes(secret)).toBe(false);
});

describe('createBrowserAuth()', () => {
  const create = (options: PageOptions) => () => createPage(options);

  test('rejects missing and invalid options, and names them', () => {
    expect(create({ issuer: '' })).toThrow(/issuer is missing/);
    expect(create({ redirectUri: '' })).toThrow(/redirectUri is missing/);
    expect(create({ issuer: 'http://login.example' })).toThrow(/allowInsecureIssuer: true/);
    expect(create({ postLogoutRedirectUri: '/bye' })).toThrow(
      /"postLogoutRedirectUri" is "\/bye", expected an absolute URL/,
    );
    expect(create({ postLogoutRedirectUri: '' })).toThrow(/postLogoutRedirectUri/);
    expect(create({ scope: 'profile' })).toThrow(/openid/);
    expect(create({ clockTolerance: 301 })).toThrow(/clockTolerance/);
  });

  test('B3: neither starts nor uses browser APIs on a server', async () => {
    vi.unstubAllGlobals();
    const { auth } = createPage();
    const result = await Promise.race([
      auth.start(),
      new Promise((resolve) => setTimeout(resolve, 20, 'waiting')),
    ]);
    expect(result).toBe('waiting');
    expect(auth.snapshot()).toEqual({ status: 'loading' });
    expect(provider.count('/.well-known/openid-configuration')).toBe(0);
  });
});
