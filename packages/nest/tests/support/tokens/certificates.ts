import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The value of the claim `x5t#S256`. */
  readonly thumbprint: string;
}

/** Creates a self-signed certificate with openssl. */
export function createCertificate(name: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'test-certificate-'));
  try {
    const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const subjectOptions = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', ...keyOptions, ...subjectOptions, '-keyout', keyFile, '-out', certFile],
      {
        stdio: 'pipe',
      },
    );
    const cert = readFileSync(certFile, 'utf8');
    const { raw } = new X509Certificate(cert);
    return {
      key: readFileSync(keyFile, 'utf8'),
      cert,
      thumbprint: createHash('sha256').update(raw).digest('base64url'),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
