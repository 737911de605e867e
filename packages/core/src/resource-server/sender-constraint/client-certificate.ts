import { ConfigurationError } from '../../errors.ts';
import { toBase64Url } from '../../internal/encoding.ts';
import { type ResourceRequest, readSingleHeader } from '../requests/credentials.ts';

/**
 * Format of a forwarded client certificate:
 * - `rfc9440`: `:base64:`, as in the header `Client-Cert` of RFC 9440
 * - `pem`: PEM, percent-encoded or not (nginx `$ssl_client_escaped_cert`, AWS `X-Amzn-Mtls-Clientcert-Leaf`)
 * - `base64`: DER in base64 (HAProxy `ssl_c_der,base64`, Traefik)
 * - `envoy`: Envoy's header `X-Forwarded-Client-Cert`, with `Hash`, and with or without `Cert`
 *
 * @see https://www.rfc-editor.org/rfc/rfc9440#section-2.2
 */
export type CertificateHeaderFormat = 'rfc9440' | 'pem' | 'base64' | 'envoy';

/** Reads the client certificate from a header, for servers behind a proxy that terminates TLS. */
export interface MtlsOptions {
  /**
   * The header in which the proxy forwards the certificate. It is trusted in every request: set it only if all requests
   * pass the proxy, and the proxy removes a header of this name that a client sent. The certificate of the connection is
   * ignored, since it is the proxy's.
   */
  readonly trustedProxyHeader: string;
  /** Format of the header. */
  readonly format: CertificateHeaderFormat;
}

/**
 * Computes the SHA-256 thumbprint of a certificate in DER, in base64url, as in the claim `x5t#S256`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-3.1
 * @example
 * ```ts
 * import type { TLSSocket } from 'node:tls';
 * import { computeCertificateThumbprint } from '@countersign/core/resource-server';
 *
 * const readThumbprint = (socket: TLSSocket) => computeCertificateThumbprint(socket.getPeerCertificate().raw);
 * ```
 */
export async function computeCertificateThumbprint(certificate: Uint8Array): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate as BufferSource)));
}

/** Finds the thumbprint of a request's client certificate; `undefined` if it has none. */
export type CertificateSource = (request: ResourceRequest) => Promise<string | undefined>;

/** @throws ConfigurationError when an option is invalid */
export function createCertificateSource(mtls: true | MtlsOptions): CertificateSource {
  if (mtls === true) {
    return async ({ clientCertificate }) =>
      clientCertificate && computeCertificateThumbprint(clientCertificate);
  }
  const { trustedProxyHeader, format } = mtls;
  if (typeof trustedProxyHeader !== 'string' || !/^[\w-]+$/.test(trustedProxyHeader)) {
    throw new ConfigurationError(
      'invalid_option',
      `"mtls.trustedProxyHeader" is ${JSON.stringify(trustedProxyHeader)}, expected the name of a header.`,
    );
  }
  if (!Object.hasOwn(readers, format)) {
    throw new ConfigurationError(
      'invalid_option',
      `"mtls.format" is "${format}", expected one of ${Object.keys(readers).join(', ')}.`,
    );
  }
  const name = trustedProxyHeader.toLowerCase();
  return async (request) => {
    // If the header is repeated, one of the values may be the client's.
    const value = readSingleHeader(request, name);
    return value === undefined ? undefined : readers[format](value);
  };
}

type Reader = (value: string) => string | undefined | Promise<string | undefined>;

// Each reader accepts or rejects the complete value: a client could have added a part of it.
const readers: Readonly<Record<CertificateHeaderFormat, Reader>> = {
  rfc9440: (value) => readBase64(/^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1]),
  pem: (value) => readPem(decodePercent(value)),
  base64: (value) => readBase64(/^[A-Za-z0-9+/]+={0,2}$/.exec(decodePercent(value) ?? '')?.[0]),
  envoy: readEnvoy,
};

function readPem(pem: string | undefined): Promise<string | undefined> {
  const body = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(
    pem ?? '',
  );
  return readBase64(body?.[1]?.replace(/\s+/g, ''));
}

async function readBase64(base64: string | undefined): Promise<string | undefined> {
  if (base64 === undefined) return undefined;
  try {
    return await computeCertificateThumbprint(
      Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)),
    );
  } catch {
    return undefined;
  }
}

/**
 * Reads one element of `Key=value` pairs. Several elements come from several proxies and are rejected as ambiguous.
 *
 * Envoy writes the names in the certificate without quotes, so a client can add pairs with them. It cannot remove or replace
 * the pair `Hash`, which Envoy always writes, so that pair is required, once, and `Cert` must be the same certificate.
 */
async function readEnvoy(value: string): Promise<string | undefined> {
  const pair = /([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^";,]*)(;|$)/y;
  let certificate: string | undefined;
  let hash: string | undefined;
  for (let at = 0; at < value.length; at = pair.lastIndex) {
    pair.lastIndex = at;
    const match = pair.exec(value);
    if (!match) return undefined;
    const [, key = '', quotedText = ''] = match;
    const text = quotedText.replace(/^"|"$/g, '');
    if (/^cert$/i.test(key)) {
      if (certificate !== undefined) return undefined;
      certificate = text;
    } else if (/^hash$/i.test(key)) {
      if (hash !== undefined) return undefined;
      hash = text;
    }
  }
  if (hash === undefined || !/^[0-9a-f]{64}$/i.test(hash)) return undefined;
  const thumbprint = toBase64Url(
    Uint8Array.from(hash.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
  );
  if (certificate === undefined) return thumbprint;
  return (await readPem(decodePercent(certificate))) === thumbprint ? thumbprint : undefined;
}

/** Returns `undefined` for malformed percent-encoding. Does not decode plus signs. */
function decodePercent(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
