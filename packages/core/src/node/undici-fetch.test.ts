// @platforms node: `./node` uses undici and TLS.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createTestAuthority, issueTestCertificate } from '../../tests/support/tls/certificates.ts';
import { createClient } from '../client/create-client.ts';
import { createResourceFetch } from '../client/resources/resource-fetch.ts';
import { discover } from '../client/wire/discovery.ts';
import { createNodeFetch } from './node-fetch.ts';

const authority = createTestAuthority('Test authority');
const clientCertificate = issueTestCertificate(authority, 'Test client');
const ca = authority.certificate;

describe('the package undici', () => {
  afterEach(() => {
    vi.doUnmock('undici');
    vi.resetModules();
  });

  /** Loads this entry where undici is not installed. */
  async function loadWithoutUndici() {
    vi.resetModules();
    vi.doMock('undici', () => {
      throw Object.assign(new Error("Cannot find package 'undici'"), { code: 'ERR_MODULE_NOT_FOUND' });
    });
    return import('./index.ts');
  }

  test('is loaded at the first request', async () => {
    const { createDecrypt, createNodeFetch: create } = await loadWithoutUndici();
    expect(createDecrypt).toBeTypeOf('function');
    const fetch = create({ ca, clientCertificate, proxy: 'http://proxy.example:3128' });
    await expect(fetch('https://127.0.0.1/', {})).rejects.toMatchObject({
      name: 'ConfigurationError',
      code: 'missing_package',
      message: expect.stringContaining('npm install undici'),
    });
    await fetch.close();
  });

  test('is named by a login if it is missing', async () => {
    const { createNodeFetch: create } = await loadWithoutUndici();
    const client = createClient({ issuer: 'https://auth.example', clientId: 'web', fetch: create() });
    await expect(discover(client)).rejects.toMatchObject({ code: 'missing_package' });
    const call = createResourceFetch(client, {
      origins: ['https://api.example'],
      getAccessToken: async () => ({
        accessToken: 'at',
        tokenType: 'Bearer',
        expiresAt: undefined,
        scopes: [],
      }),
      fetch: create(),
    } as never);
    await expect(call('https://api.example/items')).rejects.toMatchObject({ code: 'missing_package' });
  });

  test('is not needed for close() before the first request', async () => {
    const fetch = createNodeFetch();
    await fetch.close();
    await expect(fetch('http://127.0.0.1:9/', {})).rejects.toThrow();
  });
});
