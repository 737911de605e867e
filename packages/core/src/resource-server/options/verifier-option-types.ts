import { checkOptions, type OptionType } from '../../internal/check-options.ts';
import type { TrustedIssuerSettings } from '../issuers/issuer.ts';
import type { AccessTokenVerifierOptions, VerifierOptions } from './verifier-options.ts';

const textArray: OptionType = {
  expected: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
};

const issuerTypes: Readonly<Record<'issuer' | keyof TrustedIssuerSettings, OptionType>> = {
  issuer: 'string',
  provider: {
    expected: 'a preset of @countersign/core/providers, such as keycloak({ issuer })',
    accepts: (value) => typeof value === 'object' && value !== null && 'issuer' in value && 'name' in value,
  },
  accessTokenIssuer: 'string',
  audience: 'text list',
  algorithms: textArray,
  profile: {
    expected: 'the name of a profile, or a profile',
    accepts: (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  },
  jwksUri: 'string',
  jwks: 'object',
  discovery: 'string',
  metadataUrl: 'string',
  // Checked where it is read, with a more precise message.
  introspection: { expected: '', accepts: () => true },
  validate: 'function',
};

const verifierTypes: Readonly<Record<keyof VerifierOptions | 'issuers', OptionType>> = {
  issuers: { expected: 'an array of issuers', accepts: Array.isArray },
  clockTolerance: 'number',
  dpop: 'object',
  mtls: {
    expected: 'true, false or { header }',
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
  },
  requireBinding: 'string',
  protectedResource: 'object',
  resourceMetadata: 'string',
  realm: 'string',
  cache: 'object',
  maxTokenLength: 'number',
  keysMaxAge: 'number',
  keysMaxStale: 'number',
  keysCoolDown: 'number',
  timeout: 'number',
  fetch: 'function',
  now: 'function',
  onEvent: 'function',
  allowInsecureIssuer: 'boolean',
};

const hints: Readonly<Record<string, string>> = {
  jwksUrl: 'Did you mean "jwksUri"?',
  jwks_uri: 'Did you mean "jwksUri"?',
  aud: 'Did you mean "audience"?',
  iss: 'Did you mean "issuer"?',
  issuerBaseURL: 'Did you mean "issuer"?',
  tokenSigningAlg: 'Did you mean "algorithms"? It is an array.',
  clockSkew: 'Did you mean "clockTolerance"? In seconds.',
};

/**
 * @throws ConfigurationError `invalid_option` if an option has a wrong type, or a name that resembles that of another
 * option
 */
export function checkVerifierOptions(options: AccessTokenVerifierOptions): void {
  const types = { ...verifierTypes, ...issuerTypes };
  checkOptions('createAccessTokenVerifier()', options, { types, hints });
  for (const issuer of options.issuers ?? [])
    checkOptions('An entry of issuers', issuer, { types: issuerTypes, hints });
}
