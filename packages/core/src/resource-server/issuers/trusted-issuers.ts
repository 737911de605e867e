import { ConfigurationError } from '../../errors.ts';
import type { Clock } from '../../internal/clock.ts';
import { type AccessTokenVerifierOptions, within } from '../verifier-options.ts';
import { createIssuer, type Issuer, type TrustedIssuer } from './issuer.ts';

/**
 * The trusted issuers by their identifiers.
 *
 * @throws ConfigurationError when an option is wrong, or a token could be shown to another issuer than its own
 */
export function createIssuers(
  options: AccessTokenVerifierOptions,
  { now, clockTolerance }: { readonly now: Clock; readonly clockTolerance: number },
): ReadonlyMap<string, Issuer> {
  const list = issuersOf(options);
  const { fetch, onEvent, timeout = 10_000 } = options;
  const context = {
    fetch,
    now,
    onEvent,
    http: { fetch: fetch ?? ((url, init) => globalThis.fetch(url, init)), now, timeout, maxBytes: 1_048_576 },
    allowInsecureIssuer: options.allowInsecureIssuer === true,
    clockTolerance,
    keysMaxAge: within(options.keysMaxAge ?? 600, 1, 86_400, 'keysMaxAge'),
    keysMaxStale: within(options.keysMaxStale ?? 86_400, 1, 2_592_000, 'keysMaxStale'),
    keysCoolDown: within(options.keysCoolDown ?? 10, 1, 3600, 'keysCoolDown'),
  } satisfies Parameters<typeof createIssuer>[1];
  const issuers = new Map<string, Issuer>();
  for (const each of list) {
    const issuer = createIssuer(each, context);
    if (issuers.has(issuer.issuer)) {
      throw new ConfigurationError('invalid_option', `issuers names "${issuer.issuer}" twice`);
    }
    issuers.set(issuer.issuer, issuer);
  }
  requireRoutes(list);
  return issuers;
}

const optionsOfOneIssuer = [
  'issuer',
  'audience',
  'algorithms',
  'profile',
  'jwks',
  'jwksUri',
  'discovery',
  'introspection',
  'validate',
] as const;

function issuersOf(options: AccessTokenVerifierOptions): readonly TrustedIssuer[] {
  if (options.issuers === undefined) return [options];
  if (options.issuers.length === 0) throw new ConfigurationError('missing_option', 'issuers is empty');
  const single: Partial<Record<(typeof optionsOfOneIssuer)[number], unknown>> = options;
  const beside = optionsOfOneIssuer.filter((name) => single[name] !== undefined);
  if (beside.length === 0) return options.issuers;
  // Passed over in silence, an audience or a check of the application would not be applied.
  throw new ConfigurationError(
    'invalid_option',
    `${beside.join(', ')} cannot be set beside issuers. Set it for each of the issuers, or leave issuers out.`,
  );
}

/** An opaque token does not name its issuer, and must not be shown to any other. */
function requireRoutes(list: readonly TrustedIssuer[]): void {
  const asked = list.filter(({ introspection }) => introspection && introspection.tokens !== 'jwt');
  if (asked.length < 2 || asked.every(({ introspection }) => introspection?.accepts)) return;
  const names = asked.map(({ issuer }) => `"${issuer}"`).join(' and ');
  throw new ConfigurationError(
    'invalid_option',
    `${names} are asked about opaque tokens, and an opaque token does not name its issuer. Set introspection.accepts ` +
      "for each of them, for example accepts: (token) => token.startsWith('a_'), or introspection.tokens: 'jwt'.",
  );
}
