import { expect, test } from 'vitest';
import { parseCertificateHeader } from './client-certificate.ts';

const der = new Uint8Array([48, 130, 1, 10, 255, 0, 7, 9]);
const base64 = Buffer.from(der).toString('base64');
const pem = `-----BEGIN CERTIFICATE-----\n${base64.slice(0, 6)}\n${base64.slice(6)}\n-----END CERTIFICATE-----\n`;

test.each([`:${base64}:`, pem, encodeURIComponent(pem)])('reads %j', (value) => {
  expect(parseCertificateHeader(value)).toEqual(der);
});

test.each([undefined, '', '(null)', '%', ':%:', ':a:', base64, `${pem}`.replace('BEGIN', 'START')])(
  'there is none in %j',
  (value) => {
    expect(parseCertificateHeader(value)).toBeUndefined();
  },
);
