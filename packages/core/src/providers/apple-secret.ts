import { ConfigurationError } from '../errors.ts';
import type { WebCryptoKey } from '../internal/crypto-types.ts';
import { encodeUtf8, toBase64Url } from '../internal/encoding.ts';

/** A key of an Apple developer account, for Sign in with Apple. */
export interface AppleKey {
  /** The identifier of the team, 10 characters. */
  readonly teamId: string;
  /** The identifier of the key, 10 characters. */
  readonly keyId: string;
  /** The content of the downloaded file `.p8` (PEM), or the imported private key. `\n` as a text counts as a line break. */
  readonly privateKey: string | WebCryptoKey;
}

/** The client, and the time for which a secret is valid, in seconds. */
interface AppleSecretRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly now: number;
  readonly lifetime: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const pem = /-----BEGIN PRIVATE KEY-----([A-Za-z\d+/=\s]+)-----END PRIVATE KEY-----/;

/** @throws ConfigurationError `invalid_option` */
export function checkAppleKey({ teamId, keyId, privateKey }: AppleKey): void {
  for (const [name, value] of Object.entries({ teamId, keyId })) {
    if (typeof value !== 'string' || value === '') throw invalid(`"key.${name}" is empty`);
  }
  if (typeof privateKey === 'string') readPem(privateKey);
}

/**
 * Creates a client secret: a JWT that the key of the account signs.
 *
 * @throws ConfigurationError `invalid_option` if the key is not a private key of the curve P-256
 * @see https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
 */
export async function createAppleSecret(
  { teamId, keyId, privateKey }: AppleKey,
  { issuer, clientId, now, lifetime }: AppleSecretRequest,
): Promise<string> {
  const header = { alg: 'ES256', kid: keyId };
  const claims = { iss: teamId, iat: now, exp: now + lifetime, aud: issuer, sub: clientId };
  const text = [header, claims].map((part) => toBase64Url(encodeUtf8(JSON.stringify(part)))).join('.');
  try {
    const key = typeof privateKey === 'string' ? await importPem(privateKey) : privateKey;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, encodeUtf8(text));
    return `${text}.${toBase64Url(new Uint8Array(signature))}`;
  } catch {
    // The cause is not attached: it may contain the key.
    throw invalid('"key.privateKey" is not a private key of the curve P-256 that may sign');
  }
}

const importPem = (text: string) =>
  crypto.subtle.importKey('pkcs8', readPem(text), algorithm, false, ['sign']);

function readPem(text: string): Uint8Array<ArrayBuffer> {
  const content = pem.exec(text.replaceAll('\\n', '\n'))?.[1]?.replace(/\s/g, '');
  try {
    if (content) return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  } catch {
    // Reported below.
  }
  throw invalid(
    '"key.privateKey" is not the content of a .p8 file, which begins with "-----BEGIN PRIVATE KEY-----"',
  );
}

const invalid = (problem: string) => new ConfigurationError('invalid_option', `apple(): ${problem}.`);
