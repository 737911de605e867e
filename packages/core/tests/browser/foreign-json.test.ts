// @platforms node, edge: the suite replaces `window` and `location`, which a browser does not allow.
import { describe, expect, test, vi } from 'vitest';
import { createWebStorage, parseApplicationJson } from '../../src/browser/index.ts';
import { createPage, openSignedInPage, provider, startLogin } from '../support/browser/browser-page.ts';

// The parts of the browser client are in foreign-json-internals.test.ts.

const nested = '['.repeat(5_600) + ']'.repeat(5_600);
const respond = (body: string) => new Response(body, { headers: { 'content-type': 'application/json' } });
const encode = (text: string) => btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** Malformed bodies, and the check that rejects them. */
const bodies: readonly [string, string][] = [
  [`{"deep":${nested}}`, 'json_depth'],
  [nested, 'json_depth'],
  ['{"expires_in":1e999}', 'json_number'],
  ['{"keys":[],"\\u006beys":[]}', 'json'],
];

describe('C9: a page rejects deeply nested JSON with a typed error', () => {
  const rejection = { name: 'ValidationError', code: 'response_malformed' };

  test.each(bodies)('in metadata', async (body, check) => {
    const page = createPage({ fetch: async () => respond(body) });
    await expect(page.auth.login()).rejects.toMatchObject({ ...rejection, check });
    expect(page.visited).toEqual([]);
  });

  test.each(bodies)('in a token response', async (body, check) => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.intercept = () => respond(body);
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ ...rejection, check });
    expect(page.auth.snapshot().status).not.toBe('signed-in');
  });

  test.each(bodies)('in the keys of the provider', async (body, check) => {
    const page = createPage({
      fetch: async (url, init) => (url.endsWith('/jwks') ? respond(body) : provider.fetch(url, init)),
    });
    const callback = provider.approve(await startLogin(page));
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({ ...rejection, check });
  });

  // The payload is parsed after the signature was verified.
  test.each([
    ['header', 'format'],
    ['payload', 'signature'],
  ])('in the %s of an ID token', async (part, check) => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.body = (body) => {
      const [header = '', payload = '', signature = ''] = String(body.id_token).split('.');
      const nest = (encoded: string) =>
        encode(`${atob(encoded.replaceAll('-', '+').replaceAll('_', '/')).slice(0, -1)},"deep":${nested}}`);
      const parts = part === 'header' ? [nest(header), payload] : [header, nest(payload)];
      return { ...body, id_token: [...parts, signature].join('.') };
    };
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'id_token_invalid',
      check,
    });
  });

  test('in a signed ID token of the provider', async () => {
    const page = createPage();
    const callback = provider.approve(await startLogin(page));
    provider.claims = (claims) => ({ ...claims, deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) });
    await expect(page.auth.handleCallback(callback)).rejects.toMatchObject({
      code: 'id_token_invalid',
      check: 'format',
    });
  });

  test('in a refresh, which keeps the login', async () => {
    const page = await openSignedInPage();
    provider.intercept = () => respond(`{"deep":${nested}}`);
    await expect(page.auth.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({
      ...rejection,
      check: 'json_depth',
    });
  });
});

test('ignores malformed tokens in the storage of a tab', () => {
  const items = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  });
  const storage = createWebStorage('tab');
  for (const text of ['', 'null', '5', '[]', '{"createdAt":', '{"a":1,"a":2}', `{"deep":${nested}}`]) {
    items.set('key', text);
    expect(storage.get('key')).toBeUndefined();
  }
});

test('C11: a login ignores a metadata member of a wrong type, and rejects one that protects it', async () => {
  for (const value of [{}, 5, 'S256', true, null]) {
    provider.metadata = { ...provider.metadata, code_challenge_methods_supported: value };
    expect((await startLogin(createPage())).toString()).toContain('code_challenge_method=S256');
  }
  provider.metadata = { ...provider.metadata, authorization_response_iss_parameter_supported: 'true' };
  await expect(createPage().auth.login()).rejects.toMatchObject({
    code: 'metadata_invalid',
    check: 'authorization_response_iss_parameter_supported',
  });
});

test('parses JSON of the application within the limits of depth and type', () => {
  expect(parseApplicationJson('{"issuer":"https://login.example"}')).toEqual({
    issuer: 'https://login.example',
  });
  for (const text of ['[]', 'null', '<html>', `{"deep":${nested}}`]) {
    expect(() => parseApplicationJson(text)).toThrow(expect.objectContaining({ code: 'response_malformed' }));
  }
});
