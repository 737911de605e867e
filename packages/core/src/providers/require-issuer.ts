import { ConfigurationError } from '../errors.ts';
import { parseUrl } from '../internal/parse-url.ts';

/** Options of the preset of a provider whose address differs for each operator. */
export interface IssuerOptions {
  /** The issuer identifier, exactly as in the metadata of the provider, including a trailing slash. */
  readonly issuer: string;
}

/**
 * Returns the issuer identifier of a preset.
 *
 * @throws ConfigurationError `missing_option` or `invalid_option`
 */
export function requireIssuer(preset: string, issuer: unknown): string {
  if (issuer === undefined || issuer === '') {
    throw new ConfigurationError(
      'missing_option',
      `issuer is missing. Write ${preset}({ issuer: 'https://...' }), as in the metadata of the provider.`,
    );
  }
  if (typeof issuer === 'string' && parseUrl(issuer)) return issuer;
  throw new ConfigurationError(
    'invalid_option',
    `"issuer" of ${preset}() is "${String(issuer)}", expected a URL.`,
  );
}
