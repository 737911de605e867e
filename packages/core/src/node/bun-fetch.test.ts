// @platforms node: simulates the globals of Bun.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createTestAuthority, issueTestCertificate } from '../../tests/support/tls/certificates.ts';
import { createNodeFetch } from './node-fetch.ts';

const authority = createTestAuthority('Test authority');
const clientCertificate = issueTestCertificate(authority, 'Test client');
const ca = authority.certificate;

describe('Bun', () => {
  const calls: [string, Record<string, unknown>][] = [];
  afterEach(() => {
    calls.length = 0;
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });

  function simulateBun() {
    for (const each of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'])
      vi.stubEnv(each, undefined);
    vi.stubGlobal(
      'process',
      Object.create(process, { versions: { value: { ...process.versions, bun: '1.4.5' } } }),
    );
    vi.stubGlobal('fetch', async (url: string, init: Record<string, unknown>) => {
      calls.push([url, init]);
      return new Response('{}');
    });
  }

  test('receives the proxy, the authorities and the certificate as options of fetch', async () => {
    simulateBun();
    const proxy = 'http://user:p%40ss@proxy.example:3128/';
    const fetch = createNodeFetch({
      ca,
      clientCertificate: { ...clientCertificate, passphrase: 'x' },
      proxy,
    });
    await fetch('https://auth.example/token', { method: 'POST' });
    const { certificate: cert, key } = clientCertificate;
    expect(calls).toEqual([
      [
        'https://auth.example/token',
        { method: 'POST', proxy, tls: { ca: [ca], cert, key, passphrase: 'x' } },
      ],
    ]);
    await createNodeFetch({ proxy: 'environment' })('https://auth.example/', {});
    expect(calls[1]).toEqual(['https://auth.example/', {}]);
    await fetch.close();
  });

  test.each([
    ['pool', { pool: { connections: 4 } }],
    ['connectTimeout', { connectTimeout: 100 }],
    ['clientCertificate', { clientCertificate, proxy: 'https://proxy.example' }],
    ['proxy', { proxy: 'proxy.example' }],
    ['clientCertificate', { clientCertificate: { certificate: 'x', key: 'y' } }],
  ])('rejects an option without support: %s', (name, options) => {
    simulateBun();
    expect(() => createNodeFetch(options)).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
  });

  test.each(['HTTPS_PROXY', 'http_proxy'])(
    'rejects a client certificate if %s is an https proxy, because Bun sends it to the proxy',
    (name) => {
      simulateBun();
      vi.stubEnv(name, 'https://proxy.example');
      expect(() => createNodeFetch({ clientCertificate })).toThrow(/https proxy on Bun/);
      expect(() => createNodeFetch({ ca })).not.toThrow();
    },
  );
});
