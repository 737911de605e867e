import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTestAuthority, issueTestCertificate } from './certificates.ts';

export const authority = createTestAuthority('Test authority');
const serverCertificate = issueTestCertificate(authority, 'Test server');

export const ours = issueTestCertificate(authority, 'our-client');
export const anotherClients = issueTestCertificate(authority, 'another-client');
/** The right name, by an authority that nobody trusts. */
export const forged = issueTestCertificate(createTestAuthority('Foreign authority'), 'our-client');
export const selfSigned = createTestAuthority('our-client');
export const anotherSelfSigned = createTestAuthority('our-client');

/** Whose certificates the TLS layer lets through: those of the authority, any, or it asks for none. */
export type Asks = 'of_the_authority' | 'any' | 'none';

/** A server over TLS on loopback. */
export async function listenOverTls(asks: Asks, handle: RequestListener) {
  const server = createServer(
    {
      key: serverCertificate.key,
      cert: serverCertificate.certificate,
      ca: authority.certificate,
      requestCert: asks !== 'none',
      rejectUnauthorized: asks === 'of_the_authority',
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
