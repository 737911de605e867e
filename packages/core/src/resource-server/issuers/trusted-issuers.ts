import { ConfigurationError } from '../../errors.ts';
import { checkRange } from '../../protocol/option-checks.ts';
import { getIssuer } from '../../providers/apply-preset.ts';
import type { AccessTokenVerifierOptions } from '../options/verifier-options.ts';
import { createIssuer, type Issuer, type IssuerContext, type TrustedIssuer } from './issuer.ts';

/** Creates the trusted issuers, by the `iss` of their tokens. */
export function createTrustedIssuers(
  options: AccessTokenVerifierOptions,
  {
    now,
    clockTolerance,
    caches,
    onEvent,
  }: Pick<IssuerContext, 'now' | 'clockTolerance' | 'caches' | 'onEvent'>,
): ReadonlyMap<string, Issuer> {
  const list = readIssuers(options);
  const { fetch, timeout = 10_000 } = options;
  const context: IssuerContext = {
    fetch,
    now,
    onEvent,
    caches,
    http: { fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)), now, timeout, maxBytes: 1_048_576 },
    allowInsecureIssuer: options.allowInsecureIssuer === true,
    clockTolerance,
    keysMaxAge: checkRange('keysMaxAge', options.keysMaxAge ?? 600, { min: 1, max: 86_400, unit: 'seconds' }),
    keysMaxStale: checkRange('keysMaxStale', options.keysMaxStale ?? 86_400, {
      min: 1,
      max: 2_592_000,
      unit: 'seconds',
    }),
    keysCoolDown: checkRange('keysCoolDown', options.keysCoolDown ?? 10, {
      min: 1,
      max: 3600,
      unit: 'seconds',
    }),
  };
  const issuers = new Map<string, Issuer>();
  for (const each of list) {
    const issuer = createIssuer(each, context);
    if (issuers.has(issuer.accessTokenIssuer)) {
      throw new ConfigurationError(
        'invalid_option',
        `"issuers" contains "${issuer.accessTokenIssuer}" twice, expected each issuer once.`,
      );
    }
    issuers.set(issuer.accessTokenIssuer, issuer);
  }
  checkOpaqueRouting(list);
  return issuers;
}

const singleIssuerOptions = [
  'issuer',
  'provider',
  'accessTokenIssuer',
  'audience',
  'algorithms',
  'profile',
  'jwks',
  'jwksUri',
  'discovery',
  'metadataUrl',
  'introspection',
  'validate',
] as const;

function readIssuers(options: AccessTokenVerifierOptions): readonly TrustedIssuer[] {
  if (options.issuers === undefined) return [options];
  if (options.issuers.length === 0) throw new ConfigurationError('missing_option', 'issuers is empty');
  const single: Partial<Record<(typeof singleIssuerOptions)[number], unknown>> = options;
  const conflicting = singleIssuerOptions.filter((name) => single[name] !== undefined);
  if (conflicting.length === 0) return options.issuers;
  // If these options were ignored, an audience or a check of the application would not be applied.
  throw new ConfigurationError(
    'invalid_option',
    `${conflicting.join(', ')} cannot be combined with issuers. Set it for each of the issuers, or remove issuers.`,
  );
}

/** An opaque token does not identify its issuer, and must not be sent to another one. */
function checkOpaqueRouting(list: readonly TrustedIssuer[]): void {
  const introspectingIssuers = list.filter(
    ({ introspection }) => introspection && introspection.tokens !== 'jwt',
  );
  if (
    introspectingIssuers.length < 2 ||
    introspectingIssuers.every(({ introspection }) => introspection?.accepts)
  )
    return;
  const names = introspectingIssuers.map((issuer) => `"${getIssuer(issuer)}"`).join(' and ');
  throw new ConfigurationError(
    'invalid_option',
    `${names} introspect opaque tokens, and an opaque token does not identify its issuer. Set introspection.accepts ` +
      "for each of them, for example accepts: (token) => token.startsWith('a_'), or introspection.tokens: 'jwt'.",
  );
}
