import { toBase64Url } from '../internal/encoding.ts';

/** The thumbprint of a certificate in DER, as the claim `x5t#S256` has it. @see RFC 8705 section 3.1 */
export async function certificateThumbprint(certificate: Uint8Array): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate as BufferSource)));
}

/**
 * Reads a certificate from a header that a TLS-terminating proxy sets: `Client-Cert` of RFC 9440, or PEM that is
 * percent-encoded. Trust such a header only from a proxy that removes what clients send under its name.
 *
 * @returns DER, or `undefined` when there is none that can be read
 */
export function parseCertificateHeader(value: string | undefined): Uint8Array | undefined {
  if (value === undefined) return undefined;
  const base64 = /^:([A-Za-z0-9+/=]+):$/.exec(value)?.[1] ?? pemBody(value);
  if (base64 === undefined) return undefined;
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function pemBody(value: string): string | undefined {
  let text = value;
  try {
    text = decodeURIComponent(value);
  } catch {
    // Then it is no PEM either, or one that was not encoded.
  }
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text)?.[1];
  return body?.replace(/\s+/g, '');
}
