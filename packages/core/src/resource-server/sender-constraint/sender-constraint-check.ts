import { ConfigurationError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import { invalidToken, Rejection } from '../rejections/rejection.ts';
import type { Credentials, ResourceRequest } from '../requests/credentials.ts';
import { createCertificateSource, type MtlsOptions } from './client-certificate.ts';
import { createDpopVerifier, type DpopOptions } from './dpop-proof.ts';

export interface SenderConstraintOptions {
  readonly dpop?: DpopOptions | undefined;
  readonly mtls?: boolean | MtlsOptions | undefined;
  readonly requireBinding?: 'dpop' | 'mtls' | 'any' | undefined;
}

export interface SenderConstraintCheck {
  /** Accepted authentication schemes. */
  readonly schemes: readonly ('Bearer' | 'DPoP')[];
  readonly dpopAlgorithms: readonly string[];
  /** Whether neither the token nor the configuration requires a proof, as for most requests. */
  canSkip(credentials: Credentials, token: VerifiedAccessToken): boolean;
  /** Checks what is known without a request: whether the token is bound as required, in a way that is supported. */
  checkBinding(token: VerifiedAccessToken): void;
  /** Checks the proof. Returns headers for the response, if any. */
  check(
    request: ResourceRequest,
    credentials: Credentials,
    token: VerifiedAccessToken,
  ): Promise<Readonly<Record<string, string>> | undefined>;
}

const invalidDpopToken = (description: string): Rejection =>
  new Rejection('invalid_token', 'cnf', description, { scheme: 'DPoP' });

/**
 * Creates the check that a client holds the key or certificate that its token is bound to.
 *
 * @throws ConfigurationError when an option is invalid
 */
export function createSenderConstraintCheck(
  options: SenderConstraintOptions,
  context: { readonly now: Clock /** Seconds. */; readonly clockTolerance: number },
): SenderConstraintCheck {
  const { requireBinding } = options;
  const mtls = options.mtls ? createCertificateSource(options.mtls) : undefined;
  const dpop = options.dpop && createDpopVerifier(options.dpop, context);
  if (requireBinding !== undefined && !['dpop', 'mtls', 'any'].includes(requireBinding)) {
    throw new ConfigurationError(
      'invalid_option',
      `"requireBinding" is ${JSON.stringify(requireBinding)}, expected "dpop", "mtls" or "any".`,
    );
  }
  if ((requireBinding === 'dpop' && !dpop) || (requireBinding === 'mtls' && !mtls)) {
    throw new ConfigurationError(
      'missing_option',
      `requireBinding: '${requireBinding}' requires the option ${requireBinding}`,
    );
  }
  if (requireBinding === 'any' && !dpop && !mtls) {
    throw new ConfigurationError('missing_option', "requireBinding: 'any' requires the option dpop or mtls");
  }

  function checkSupport({ dpopThumbprint, certificateThumbprint }: VerifiedAccessToken): void {
    // A bound token must not be accepted without its proof, otherwise a stolen token could be used as a bearer token
    // (RFC 9449 section 7.1, RFC 8705 section 3).
    if ((dpopThumbprint === undefined || dpop) && (certificateThumbprint === undefined || mtls)) return;
    throw invalidToken(
      'cnf',
      'The access token is bound to a key, and this API does not support the proof',
      () => ({
        expected: 'a token that is not bound, or the option that accepts the proof',
        found: dpopThumbprint === undefined || dpop ? 'a token for mtls' : 'a token for dpop',
      }),
    );
  }

  function checkRequiredBinding({ dpopThumbprint, certificateThumbprint }: VerifiedAccessToken): void {
    if (requireBinding === undefined) return;
    const isBound = certificateThumbprint !== undefined && requireBinding !== 'dpop';
    if (dpopThumbprint === undefined && !isBound) {
      throw invalidToken('cnf', 'An access token that is bound to a key is required');
    }
    if (requireBinding === 'mtls' && certificateThumbprint === undefined) {
      throw invalidToken('cnf', 'An access token that is bound to a certificate is required');
    }
  }

  async function check(
    request: ResourceRequest,
    credentials: Credentials,
    token: VerifiedAccessToken,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { dpopThumbprint, certificateThumbprint: expected } = token;
    checkSupport(token);
    if (mtls && expected !== undefined) checkCertificate(await mtls(request), expected);
    if (dpopThumbprint === undefined) {
      if (credentials.scheme === 'DPoP') throw invalidDpopToken('The access token is not bound to a key');
      checkRequiredBinding(token);
      return undefined;
    }
    if (credentials.scheme !== 'DPoP') {
      throw invalidDpopToken('The access token is bound to a key and requires the scheme DPoP');
    }
    checkRequiredBinding(token);
    return dpop?.verify(request, credentials.token, dpopThumbprint);
  }

  return {
    schemes: !dpop ? ['Bearer'] : requireBinding === 'dpop' ? ['DPoP'] : ['Bearer', 'DPoP'],
    dpopAlgorithms: dpop?.algorithms ?? [],
    canSkip: (credentials, token) =>
      requireBinding === undefined &&
      credentials.scheme === 'Bearer' &&
      token.dpopThumbprint === undefined &&
      token.certificateThumbprint === undefined,
    checkBinding(token) {
      checkSupport(token);
      checkRequiredBinding(token);
    },
    check,
  };
}

/** RFC 8705 section 3. */
function checkCertificate(thumbprint: string | undefined, expected: string): void {
  if (thumbprint === undefined) {
    throw invalidToken('cnf', 'The access token is bound to a client certificate, and the request has none');
  }
  if (thumbprint !== expected) {
    throw invalidToken('cnf', 'The access token is bound to another client certificate');
  }
}
