import { ConfigurationError } from '../../errors.ts';
import { toBase64Url } from '../../internal/encoding.ts';
import { type ResourceRequest, singleHeader } from '../credentials.ts';

/**
 * How a proxy writes the certificate:
 * - `rfc9440`: the header `Client-Cert` of RFC 9440, `:base64:`;
 * - `pem`: PEM, percent-encoded or not (nginx `$ssl_client_escaped_cert`, AWS `X-Amzn-Mtls-Clientcert-Leaf`);
 * - `base64`: the base64 of the DER alone (HAProxy `ssl_c_der,base64`, Traefik);
 * - `envoy`: the header `X-Forwarded-Client-Cert` of Envoy, by its `Cert` or its `Hash`.
 */
export type CertificateHeaderFormat = 'rfc9440' | 'pem' | 'base64' | 'envoy';

/** Where the client's certificate comes from when a proxy ends TLS. */
export interface MtlsOptions {
  /**
   * The header in which your proxy hands on the certificate. It is believed from whoever sends it, so name one only
   * where no request reaches this API but through the proxy, and the proxy removes what clients send under that name.
   * The certificate of the connection, which is then the proxy's own, does not count.
   */
  readonly trustedProxyHeader: string;
  /** How the proxy writes it there. */
  readonly format: CertificateHeaderFormat;
}

/** The thumbprint of a certificate in DER, as the claim `x5t#S256` has it. @see RFC 8705 section 3.1 */
export async function certificateThumbprint(certificate: Uint8Array): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate as BufferSource)));
}

/** Finds the thumbprint of the certificate that a request was sent with; `undefined` when there is none. */
export type CertificateSource = (request: ResourceRequest) => Promise<string | undefined>;

/** @throws ConfigurationError when an option is wrong */
export function createCertificateSource(mtls: true | MtlsOptions): CertificateSource {
  if (mtls === true) {
    return async ({ clientCertificate }) => clientCertificate && certificateThumbprint(clientCertificate);
  }
  const { trustedProxyHeader, format } = mtls;
  if (typeof trustedProxyHeader !== 'string' || !/^[\w-]+$/.test(trustedProxyHeader)) {
    throw new ConfigurationError('invalid_option', 'mtls.trustedProxyHeader must be the name of a header');
  }
  if (!Object.hasOwn(readers, format)) {
    throw new ConfigurationError(
      'invalid_option',
      `mtls.format must be one of ${Object.keys(readers).join(', ')}; got "${format}"`,
    );
  }
  const name = trustedProxyHeader.toLowerCase();
  return async (request) => {
    // Sent twice, one of them may be the client's own.
    const value = singleHeader(request, name);
    return value === undefined ? undefined : readers[format](value);
  };
}

type Reader = (value: string) => string | undefined | Promise<string | undefined>;

// Each reads the whole value or nothing: what a client could have put beside the certificate must not be passed over.
const readers: Readonly<Record<CertificateHeaderFormat, Reader>> = {
  rfc9440: (value) => ofBase64(/^:([A-Za-z0-9+/]+={0,2}):$/.exec(value)?.[1]),
  pem: (value) => ofPem(percentDecoded(value)),
  base64: (value) => ofBase64(/^[A-Za-z0-9+/]+={0,2}$/.exec(percentDecoded(value) ?? '')?.[0]),
  envoy: ofEnvoy,
};

function ofPem(pem: string | undefined): Promise<string | undefined> {
  const body = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(
    pem ?? '',
  );
  return ofBase64(body?.[1]?.replace(/\s+/g, ''));
}

async function ofBase64(base64: string | undefined): Promise<string | undefined> {
  if (base64 === undefined) return undefined;
  try {
    return await certificateThumbprint(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** One element of `Key=value` pairs. Several elements are several hops, and it could not be known which counts. */
async function ofEnvoy(value: string): Promise<string | undefined> {
  const pair = /([A-Za-z]+)=("(?:[^"\\]|\\.)*"|[^";,]*)(;|$)/y;
  let certificate: string | undefined;
  let hash: string | undefined;
  for (let at = 0; at < value.length; at = pair.lastIndex) {
    pair.lastIndex = at;
    const match = pair.exec(value);
    if (!match) return undefined;
    const [, key = '', quoted = ''] = match;
    const text = quoted.replace(/^"|"$/g, '');
    if (/^cert$/i.test(key)) {
      if (certificate !== undefined) return undefined;
      certificate = text;
    } else if (/^hash$/i.test(key)) {
      if (hash !== undefined) return undefined;
      hash = text;
    }
  }
  if (certificate !== undefined) return ofPem(percentDecoded(certificate));
  return hash !== undefined && /^[0-9a-f]{64}$/i.test(hash)
    ? toBase64Url(Uint8Array.from(hash.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
    : undefined;
}

/** `undefined` when it is no percent-encoded text; a plus sign stays one. */
function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
