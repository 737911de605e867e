import { base64url } from 'jose';
import { expect, test } from 'vitest';
import { type CertificateHeaderFormat, createCertificateSource } from './client-certificate.ts';

const der = new Uint8Array([48, 130, 1, 10, 255, 0, 7, 9, 251, 239]);
const base64 = btoa(String.fromCharCode(...der));
const pem = `-----BEGIN CERTIFICATE-----\n${base64.slice(0, 6)}\n${base64.slice(6)}\n-----END CERTIFICATE-----\n`;
const encoded = encodeURIComponent(pem);
const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der));
const thumbprint = base64url.encode(digest);
const hash = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const otherHash = 'ab'.repeat(32);

const read = (format: CertificateHeaderFormat, value: string | undefined) =>
  createCertificateSource({ trustedProxyHeader: 'X-Client-Cert', format })({
    headers: { 'x-client-cert': value },
  });

test.each<[CertificateHeaderFormat, string]>([
  ['rfc9440', `:${base64}:`],
  ['pem', pem.replaceAll('\n', ' ')],
  ['pem', encoded],
  ['pem', encoded.replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '=')],
  ['base64', base64],
  ['base64', encodeURIComponent(base64)],
  ['envoy', `Hash=${hash}`],
  ['envoy', `By=spiffe://a/b;Hash=${hash.toUpperCase()};Subject="CN=a,O=\\"b\\";Hash=0";URI=`],
  ['envoy', `Hash=${hash};Cert="${encoded}";Chain="${encoded}"`],
  ['envoy', `Hash=${hash};URI=spiffe://a/b;URI=spiffe://a/c;DNS=a.test;DNS=b.test`],
])('RFC 8705: reads the format %s in %j', async (format, value) => {
  expect(await read(format, value)).toBe(thumbprint);
});

test.each<[CertificateHeaderFormat, string | undefined]>([
  ['rfc9440', undefined],
  ['rfc9440', base64],
  ['rfc9440', encoded],
  ['rfc9440', `:${base64}:, :${base64}:`],
  ['rfc9440', '::'],
  ['rfc9440', ':a:'],
  ['pem', ''],
  ['pem', '(null)'],
  ['pem', '%'],
  ['pem', pem + pem],
  ['pem', `x${pem}`],
  ['pem', `:${base64}:`],
  ['base64', `${base64},${base64}`],
  ['base64', '%'],
  ['envoy', base64],
  ['envoy', `Hash=${hash},Hash=${hash}`],
  ['envoy', `Hash=${hash};Hash=${hash}`],
  ['envoy', `Cert="${encoded}";Cert="${encoded}"`],
  ['envoy', `Hash=${hash};Cert="(null)"`],
  ['envoy', `Hash=00;Cert="${encoded}"`],
  ['envoy', `Cert="${encoded}"`],
  // The URI is a name in the client's own certificate.
  ['envoy', `Hash=${otherHash};URI=spiffe://a/b;Cert=${encoded}`],
  ['envoy', `Hash=${otherHash};URI=spiffe://a/b;Cert="${encoded}"`],
  ['envoy', `Hash=${otherHash};URI=spiffe://a/b;cert=${encoded};Chain="${encoded}"`],
  ['envoy', `Hash=${otherHash};DNS=a;Hash=${hash};Cert=${encoded}`],
  ['envoy', `Hash=${otherHash};DNS=a,Hash=${hash}`],
  ['envoy', `Subject="Hash=${hash}"`],
  ['envoy', `Subject="a";Hash=${hash.slice(1)}`],
  ['envoy', `Hash=${hash}; `],
])('RFC 8705: finds no certificate in the format %s in %j', async (format, value) => {
  expect(await read(format, value)).toBeUndefined();
});

test('RFC 8705: rejects a repeated header', async () => {
  const source = createCertificateSource({ trustedProxyHeader: 'client-cert', format: 'rfc9440' });
  const request = {
    headers: { 'client-cert': `:${base64}:` },
    rawHeaders: ['Client-Cert', `:${base64}:`, 'client-cert', ':AAAA:'],
  };
  await expect(source(request)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('RFC 8705: reads the certificate from the configured source only', async () => {
  const request = { headers: { 'client-cert': `:${base64}:` }, clientCertificate: new Uint8Array([1]) };
  expect(
    await createCertificateSource({ trustedProxyHeader: 'client-cert', format: 'rfc9440' })(request),
  ).toBe(thumbprint);
  expect(await createCertificateSource(true)(request)).not.toBe(thumbprint);
  expect(await createCertificateSource(true)({ headers: request.headers })).toBeUndefined();
  expect(
    await createCertificateSource({ trustedProxyHeader: 'other', format: 'rfc9440' })(request),
  ).toBeUndefined();
});

test.each([
  { trustedProxyHeader: '', format: 'pem' },
  { trustedProxyHeader: 'a b', format: 'pem' },
  { trustedProxyHeader: 'client-cert', format: 'toString' },
])('throws for the options %j', (options) => {
  expect(() => createCertificateSource(options as never)).toThrow(/mtls\./);
});
