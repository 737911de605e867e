import { ConfigurationError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import type { Credentials, ResourceRequest } from '../credentials.ts';
import { invalidToken, Rejection } from '../rejections/rejection.ts';
import type { VerifiedAccessToken } from '../verified-access-token.ts';
import { createCertificateSource, type MtlsOptions } from './client-certificate.ts';
import { createDpopVerifier, type DpopOptions } from './dpop-proof.ts';

export interface SenderConstraintOptions {
  readonly dpop?: DpopOptions;
  readonly mtls?: boolean | MtlsOptions;
  readonly requireBinding?: 'dpop' | 'mtls' | 'any';
}

export interface SenderConstraintCheck {
  /** The schemes that requests may use. */
  readonly schemes: readonly ('Bearer' | 'DPoP')[];
  readonly dpopAlgorithms: readonly string[];
  /** True when nothing needs to be checked: most tokens are not bound, and most APIs do not ask for it. */
  isUnneeded(credentials: Credentials, token: VerifiedAccessToken): boolean;
  /** @returns headers for the response, if any */
  check(
    request: ResourceRequest,
    credentials: Credentials,
    token: VerifiedAccessToken,
  ): Promise<Readonly<Record<string, string>> | undefined>;
}

const refuseToken = (description: string, scheme: 'Bearer' | 'DPoP'): Rejection =>
  new Rejection('invalid_token', 'cnf', description, { scheme });

/** Whether the caller holds the key that the token is bound to. @throws ConfigurationError when an option is wrong */
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
      `requireBinding must be 'dpop', 'mtls' or 'any', got ${JSON.stringify(requireBinding)}`,
    );
  }
  if ((requireBinding === 'dpop' && !dpop) || (requireBinding === 'mtls' && !mtls)) {
    throw new ConfigurationError(
      'missing_option',
      `requireBinding: '${requireBinding}' needs the option ${requireBinding}`,
    );
  }
  if (requireBinding === 'any' && !dpop && !mtls) {
    throw new ConfigurationError('missing_option', "requireBinding: 'any' needs the option dpop or mtls");
  }

  async function check(
    request: ResourceRequest,
    credentials: Credentials,
    token: VerifiedAccessToken,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { dpopThumbprint, certificateThumbprint: expected } = token;
    // A token that says it is bound is worth nothing without the proof, or binding would be up to the thief
    // (RFC 9449 section 7.1, RFC 8705 section 3).
    if ((dpopThumbprint !== undefined && !dpop) || (expected !== undefined && !mtls)) {
      throw invalidToken('cnf', 'The access token is bound to a key, and this API cannot verify the proof');
    }
    if (mtls && expected !== undefined) checkCertificate(await mtls(request), expected);
    if (dpopThumbprint === undefined) {
      if (credentials.scheme === 'DPoP') throw refuseToken('The access token is not bound to a key', 'DPoP');
      if (requireBinding === 'dpop' || (requireBinding !== undefined && expected === undefined)) {
        throw invalidToken('cnf', 'An access token that is bound to a key is needed');
      }
      return undefined;
    }
    if (credentials.scheme !== 'DPoP') {
      throw refuseToken('The access token is bound to a key and needs the scheme DPoP', 'DPoP');
    }
    if (requireBinding === 'mtls' && expected === undefined) {
      throw invalidToken('cnf', 'An access token that is bound to a certificate is needed');
    }
    return dpop?.verify(request, credentials.token, dpopThumbprint);
  }

  return {
    schemes: !dpop ? ['Bearer'] : requireBinding === 'dpop' ? ['DPoP'] : ['Bearer', 'DPoP'],
    dpopAlgorithms: dpop?.algorithms ?? [],
    isUnneeded: (credentials, token) =>
      requireBinding === undefined &&
      credentials.scheme === 'Bearer' &&
      token.dpopThumbprint === undefined &&
      token.certificateThumbprint === undefined,
    check,
  };
}

/** @see RFC 8705 section 3 */
function checkCertificate(thumbprint: string | undefined, expected: string): void {
  if (thumbprint === undefined) {
    throw invalidToken('cnf', 'The access token is bound to a client certificate, and there is none');
  }
  if (thumbprint !== expected) {
    throw invalidToken('cnf', 'The access token is bound to another client certificate');
  }
}
