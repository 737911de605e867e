import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, in PEM. */
export interface TestCertificate {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends TestCertificate {
  readonly privateKey: KeyObject;
}

/** Creates a certificate authority for one test run. RFC 5280 section 4.1. */
export function createTestAuthority(name: string): Authority {
  return issue(name, { authority: true });
}

/** Issues a certificate for 127.0.0.1 and localhost, for servers and clients. */
export function issueTestCertificate(authority: Authority, name: string): TestCertificate {
  return issue(name, { issuer: authority, authority: false });
}

/** Computes the SHA-256 thumbprint of a certificate in base64url. RFC 8705 section 3.1. */
export function computeThumbprint(certificate: string): string {
  const der = Buffer.from(certificate.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return createHash('sha256').update(der).digest('base64url');
}

function issue(name: string, options: { issuer?: Authority; authority: boolean }): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const toBeSigned = sequence(
    tagged(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    distinguishedName(options.issuer?.name ?? name),
    sequence(utcTime(Date.now() - 86_400_000), utcTime(Date.now() + 86_400_000)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(basicConstraints(options.authority), subjectAlternativeName())),
  );
  const signature = sign('sha256', toBeSigned, options.issuer?.privateKey ?? privateKey);
  const certificate = sequence(
    toBeSigned,
    algorithm,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    name,
    privateKey,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  // The shortest form, which Chromium requires (X.690 section 10.1).
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

const sequence = (...parts: Buffer[]) => der(0x30, Buffer.concat(parts));
const tagged = (tag: number, content: Buffer) => der(tag, content);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));

const distinguishedName = (name: string) =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));

const utcTime = (time: number) =>
  der(0x17, Buffer.from(`${new Date(time).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

const basicConstraints = (authority: boolean) =>
  sequence(oid('551d13'), der(0x04, authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()));

const subjectAlternativeName = () =>
  sequence(
    oid('551d11'),
    der(0x04, sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))),
  );
