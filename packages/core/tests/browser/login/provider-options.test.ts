import { expect, test } from 'vitest';
import { createAuthorizationRequest } from '../../../src/browser/login/authorization-request.ts';
import { resolveOptions } from '../../../src/browser/options.ts';
import { fetchMetadata } from '../../../src/browser/wire/metadata.ts';
import { runTokenWorker, type WorkerScope } from '../../../src/browser/worker/run-token-worker.ts';
import type { ProviderPreset } from '../../../src/providers/index.ts';
import { createTestProvider, json } from '../../support/browser/browser-provider.ts';

const redirectUri = 'https://app.example/callback';
const metadataUrl = 'https://login.example/policy/.well-known/openid-configuration';

async function setUp(options: object = {}) {
  const provider = await createTestProvider(Date.now);
  const urls: string[] = [];
  const context = resolveOptions({
    issuer: provider.issuer,
    clientId: 'spa',
    redirectUri,
    fetch: (url, init) => {
      urls.push(url);
      return url === metadataUrl ? Promise.resolve(json(provider.metadata)) : provider.fetch(url, init);
    },
    ...options,
  });
  const createUrl = async (request: object = {}) => {
    const { url } = await createAuthorizationRequest(context, { redirectUri, returnTo: '/', ...request });
    return url.searchParams;
  };
  return { provider, context, urls, createUrl };
}

const preset: ProviderPreset = {
  name: 'acme',
  relaxes: [],
  issuer: 'https://login.example',
  metadataUrl,
  authorizationParameters: { prompt: 'select_account' },
};

test('reads the metadata at the URL of the preset or of the option', async () => {
  for (const options of [{ provider: preset, issuer: undefined }, { metadataUrl }]) {
    const { context, urls } = await setUp(options);
    await fetchMetadata(context);
    expect(urls).toEqual([metadataUrl]);
  }
  await expect(setUp({ metadataUrl: 'http://login.example/' })).rejects.toMatchObject({
    code: 'invalid_option',
  });
});

test('sends the prompt of the preset, unless the login or the application has another one', async () => {
  const { createUrl } = await setUp({ provider: preset, issuer: undefined });
  expect((await createUrl()).getAll('prompt')).toEqual(['select_account']);
  expect((await createUrl({ prompt: 'none' })).getAll('prompt')).toEqual(['none']);
  const other = await setUp({
    provider: preset,
    issuer: undefined,
    authorizationParameters: { prompt: 'login' },
  });
  expect((await other.createUrl()).getAll('prompt')).toEqual(['login']);
});

test('the token worker reads the metadata at the URL that the page names', async () => {
  const requested: string[] = [];
  const scope: WorkerScope = { onmessage: null, postMessage() {} };
  const respond = (start: object) =>
    new Promise((resolve) => {
      scope.postMessage = (message) => ('id' in message ? resolve(message) : undefined);
      runTokenWorker(scope, {
        async fetch(url) {
          requested.push(url);
          const document = {
            issuer: 'https://login.example/a',
            token_endpoint: 'https://login.example/token',
          };
          return json(url === metadataUrl ? document : { access_token: 'a' });
        },
      });
      const send = (data: object) => scope.onmessage?.({ data } as MessageEvent);
      const lockName = 'lock';
      send({
        type: 'start',
        issuer: 'https://login.example/{tenant}',
        lockName,
        allowInsecureIssuer: false,
        ...start,
      });
      send({ type: 'request', id: 1, url: 'https://login.example/token', body: 'a=b', headers: {} });
    });
  expect(await respond({ metadataUrl, placeholder: '{tenant}' })).toHaveProperty('response');
  expect(requested).toEqual([metadataUrl, 'https://login.example/token']);
  // Without the placeholder, the issuer of the metadata is another one.
  expect(await respond({ metadataUrl })).not.toHaveProperty('response');
  expect(await respond({ metadataUrl: 'http://login.example/', placeholder: '{tenant}' })).not.toHaveProperty(
    'response',
  );
});
