import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTestAuthority, issueTestCertificate } from './certificates.ts';

export const authority = createTestAuthority('Test authority');
const serverCertificate = issueTestCertificate(authority, 'Test server');

export const clientCertificate = issueTestCertificate(authority, 'our-client');
export const otherClientCertificate = issueTestCertificate(authority, 'another-client');
/** The correct name, issued by an untrusted authority. */
export const forgedCertificate = issueTestCertificate(createTestAuthority('Foreign authority'), 'our-client');
export const selfSignedCertificate = createTestAuthority('our-client');
export const otherSelfSignedCertificate = createTestAuthority('our-client');

/** The client certificates that the server requests: issued by the authority, any, or none. */
export type CertificateRequest = 'of_the_authority' | 'any' | 'none';

/** Starts an HTTPS server on the loopback interface. */
export async function listenOverTls(request: CertificateRequest, handle: RequestListener) {
  const server = createServer(
    {
      key: serverCertificate.key,
      cert: serverCertificate.certificate,
      ca: authority.certificate,
      requestCert: request !== 'none',
      rejectUnauthorized: request === 'of_the_authority',
    },
    handle,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
