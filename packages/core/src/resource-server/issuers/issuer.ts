import { createClient } from '../../client/create-client.ts';
import { discover } from '../../client/wire/discovery.ts';
import type { AuthorizationServerMetadata } from '../../client/wire/server-metadata.ts';
import { ConfigurationError } from '../../errors.ts';
import type { EventListener } from '../../events.ts';
import type { Clock } from '../../internal/clock.ts';
import type { Fetch, HttpOptions } from '../../internal/fetch/bounded-fetch.ts';
import { isJsonObject, type JsonObject } from '../../internal/json/json.ts';
import { listAcceptedNames } from '../../internal/signatures/algorithm-names.ts';
import {
  isSignatureAlgorithm,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from '../../internal/signatures/signature-algorithms.ts';
import type {
  AccessTokenProfile,
  AccessTokenProfileName,
} from '../../protocol/tokens/access-token-profile.ts';
import type { IssuerRule } from '../../protocol/tokens/token-issuer.ts';
import { requirePresetIssuer } from '../../providers/apply-preset.ts';
import type { IssuerOrProvider, ProviderPreset } from '../../providers/provider.ts';
import type { VerifierCaches } from '../caches/verifier-caches.ts';
import { profiles } from '../claims/profiles.ts';
import type { VerifiedAccessToken } from '../claims/verified-access-token.ts';
import { checkIntrospection } from '../introspection/check-introspection.ts';
import {
  createIntrospection,
  type Introspected,
  type IntrospectionOptions,
} from '../introspection/introspection.ts';
import { createRemoteKeySet, createStaticKeySet, type KeySet } from './key-set.ts';

/**
 * An authorization server whose access tokens are accepted.
 *
 * @example
 * ```ts
 * import type { TrustedIssuer } from '@countersign/core/resource-server';
 *
 * const issuer: TrustedIssuer = {
 *   issuer: 'https://tenant.eu.auth0.com/',
 *   audience: 'https://api.example.com',
 *   profile: 'auth0',
 * };
 * ```
 */
export type TrustedIssuer = TrustedIssuerSettings & IssuerOrProvider;

/** An authorization server without its issuer identifier. */
export interface TrustedIssuerSettings {
  /**
   * The provider: a preset of `@countersign/core/providers`, or one of your own. It sets `issuer`, `metadataUrl`,
   * `accessTokenIssuer`, `profile` and `algorithms`. Default: none.
   */
  readonly provider?: ProviderPreset | undefined;
  /**
   * The `iss` of access tokens, if it differs from `issuer`. It is compared and never fetched, so it may be any text. AD FS
   * writes `http://<host>/adfs/services/trust` (`access_token_issuer` of its metadata), and version 1 of Entra ID
   * `https://sts.windows.net/<tenant>/`. Default: `issuer`.
   *
   * @see https://learn.microsoft.com/openspecs/windows_protocols/ms-oidce/586de7dd-3385-47c7-93a2-935d9e90441c
   */
  readonly accessTokenIssuer?: string | undefined;
  /** Identifier of this resource server at the provider: its audience or resource indicator. A list if it has several. */
  readonly audience: string | readonly string[];
  /** Accepted signature algorithms. `EdDSA` includes `Ed25519` (RFC 9864). Default: RS256, PS256, ES256, EdDSA and Ed25519. */
  readonly algorithms?: readonly SignatureAlgorithm[] | undefined;
  /** How the issuer writes its access tokens. Default: `rfc9068`, the strictest profile. */
  readonly profile?: AccessTokenProfileName | AccessTokenProfile | undefined;
  /** URL of the issuer's keys. Default: `jwks_uri` of the issuer's metadata. */
  readonly jwksUri?: string | undefined;
  /** The issuer's public keys. If set, no keys are fetched. Default: the keys are fetched. */
  readonly jwks?: { readonly keys: readonly object[] } | undefined;
  /** The metadata document: `openid` for OpenID Connect Discovery, `oauth` for RFC 8414. Default: `openid`. */
  readonly discovery?: 'openid' | 'oauth' | undefined;
  /**
   * The URL of the issuer's metadata, for an issuer that does not publish it at its well-known address. Its `issuer` must
   * still be equal. Default: `issuer` with the well-known path that `discovery` selects.
   */
  readonly metadataUrl?: string | undefined;
  /** Enables introspection of opaque tokens, of JWTs, or of both. Default: none. @see https://www.rfc-editor.org/rfc/rfc7662 */
  readonly introspection?: IntrospectionOptions | undefined;
  /**
   * An additional check of the application. Runs when the token is not cached, not for each request. Throws to reject the token; the
   * error's message is reported to `onEvent` and never sent to the client. A result other than `undefined` or `true`, such as
   * `false`, rejects the token too. A `TransportError`, a network error, a timeout
   * or a response with status 429 or 5xx leads to 503 instead of 401. Default: no additional check.
   */
  readonly validate?: ((token: VerifiedAccessToken) => void | Promise<void>) | undefined;
}

export interface IssuerContext {
  readonly fetch: Fetch | undefined;
  readonly now: Clock;
  readonly http: HttpOptions;
  /** The listener of the application, or the limited log: anyone can cause failures of the keys and of introspection. */
  readonly onEvent: EventListener;
  readonly caches: VerifierCaches;
  readonly allowInsecureIssuer: boolean;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Seconds. */
  readonly keysMaxAge: number;
  /** Seconds. */
  readonly keysMaxStale: number;
  /** Seconds. */
  readonly keysCoolDown: number;
}

/** A trusted issuer with checked options and its keys. */
export interface Issuer extends IssuerRule {
  /** The `iss` of its tokens. */
  readonly accessTokenIssuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly profile: AccessTokenProfile;
  readonly keys: KeySet;
  readonly validate: TrustedIssuer['validate'];
  /** Which tokens are introspected, and how. */
  readonly introspection:
    | {
        /** Whether JWTs of this issuer are introspected. */
        readonly includesJwts: boolean;
        /** Whether the issuer may have issued an opaque token; `undefined` if it introspects no opaque tokens. */
        readonly accepts: ((token: string) => boolean) | undefined;
        readonly introspect: (token: string, payload?: JsonObject) => Promise<Introspected>;
      }
    | undefined;
}

const defaultAlgorithms: readonly SignatureAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/** @throws ConfigurationError when an option is missing or invalid */
export function createIssuer(givenOptions: TrustedIssuer, context: IssuerContext): Issuer {
  const options = applyIssuerPreset(givenOptions);
  const { issuer, jwks, jwksUri } = options;
  const { allowInsecureIssuer, fetch, now, onEvent, http } = context;
  const tenants = options.provider?.tenants;
  if (options.introspection !== undefined) checkIntrospection(options.introspection, { issuer, tenants });
  // The client checks the issuer identifier, fetches the metadata and introspects tokens.
  const client = createClient({
    issuer,
    provider: options.provider,
    clientId: options.introspection?.clientId ?? 'resource-server',
    now,
    timeout: http.timeout,
    maxResponseBytes: http.maxBytes,
    allowInsecureIssuer,
    ...(fetch && { fetch }),
    onEvent,
    ...(options.discovery && { discovery: options.discovery }),
    ...(options.metadataUrl === undefined
      ? { metadata: options.metadata }
      : { metadataUrl: options.metadataUrl }),
    ...(options.introspection && { clientAuthentication: options.introspection.clientAuthentication }),
    ...(options.introspection?.signedResponseAlg && {
      introspectionSignedResponseAlg: options.introspection.signedResponseAlg,
    }),
  });
  if (jwksUri !== undefined) checkJwksUri(jwksUri, { allowInsecureIssuer });
  if (jwks !== undefined && jwksUri !== undefined) {
    throw new ConfigurationError(
      'invalid_option',
      `jwks and jwksUri are both set for "${issuer}". Remove one of them.`,
    );
  }
  if (options.discovery !== undefined && !['openid', 'oauth'].includes(options.discovery)) {
    throw new ConfigurationError(
      'invalid_option',
      `"discovery" is ${JSON.stringify(options.discovery)}, expected "openid" or "oauth".`,
    );
  }

  const keys = jwks
    ? createStaticKeySet(readStaticKeys(jwks), context.caches.counts)
    : createRemoteKeySet({
        issuer,
        jwksUri: async () => {
          const uri = jwksUri ?? (await discover(client)).jwks_uri;
          if (uri) return uri;
          throw new ConfigurationError(
            'unsupported_by_provider',
            `The metadata of "${issuer}" has no jwks_uri. Set jwksUri.`,
          );
        },
        http,
        now,
        maxAge: context.keysMaxAge * 1000,
        maxStale: context.keysMaxStale * 1000,
        coolDown: context.keysCoolDown * 1000,
        clockTolerance: context.clockTolerance * 1000,
        onEvent,
        counts: context.caches.counts,
      });

  const accessTokenIssuer = readAccessTokenIssuer(options);
  const audiences = readAudiences(options);
  const profile = readProfile(options.profile);
  const { clockTolerance } = context;
  return {
    issuer,
    tenants,
    accessTokenIssuer,
    audiences,
    algorithms: readAlgorithms(options.algorithms),
    profile,
    keys,
    validate: options.validate,
    introspection: options.introspection && {
      ...readRouting(options.introspection),
      introspect: createIntrospection(client, options.introspection, {
        issuer: accessTokenIssuer,
        audiences,
        profile,
        clockTolerance,
        caches: context.caches,
      }),
    },
  };
}

/** Options with the values of the preset. */
interface ResolvedIssuer extends TrustedIssuerSettings {
  readonly issuer: string;
  /** Static metadata of the preset. */
  readonly metadata?: AuthorizationServerMetadata | undefined;
}

/** @throws ConfigurationError `missing_option` without an issuer, `invalid_option` if the preset has another one */
function applyIssuerPreset(options: TrustedIssuer): ResolvedIssuer {
  const { provider } = options;
  if (!provider) return options as ResolvedIssuer;
  requirePresetIssuer(options.issuer, provider);
  const { issuer: accessTokenIssuer, profile, algorithms } = provider.accessTokens ?? {};
  return {
    ...options,
    issuer: provider.issuer,
    metadataUrl: options.metadataUrl ?? provider.metadataUrl,
    metadata: provider.metadata,
    accessTokenIssuer: options.accessTokenIssuer ?? accessTokenIssuer,
    profile: options.profile ?? profile,
    algorithms: options.algorithms ?? algorithms,
  };
}

const readRouting = ({ tokens = 'opaque', accepts = () => true }: IntrospectionOptions) => ({
  includesJwts: tokens !== 'opaque',
  accepts: tokens === 'jwt' ? undefined : accepts,
});

function readAccessTokenIssuer({ issuer, accessTokenIssuer = issuer }: ResolvedIssuer): string {
  if (typeof accessTokenIssuer === 'string' && accessTokenIssuer !== '') return accessTokenIssuer;
  throw new ConfigurationError(
    'invalid_option',
    `"accessTokenIssuer" of "${issuer}" is ${JSON.stringify(accessTokenIssuer)}, expected the "iss" of its access tokens.`,
  );
}

function readAudiences({ audience, issuer }: ResolvedIssuer): readonly string[] {
  const list = typeof audience === 'string' ? [audience] : audience;
  if (
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((name) => typeof name === 'string' && name !== '')
  ) {
    return list;
  }
  throw new ConfigurationError(
    'missing_option',
    `audience is missing for issuer "${issuer}". Without it, tokens for other APIs would be accepted. ` +
      "Write audience: 'https://api.example.com', the identifier of this API at the provider.",
  );
}

function readAlgorithms(algorithms: readonly unknown[] = defaultAlgorithms): readonly SignatureAlgorithm[] {
  if (algorithms.length > 0 && algorithms.every(isSignatureAlgorithm))
    return [...new Set(algorithms.flatMap(listAcceptedNames))];
  // RFC 8725 sections 3.1 and 3.2: HMAC would use a public key as the secret, and `none` would check nothing.
  throw new ConfigurationError(
    'invalid_option',
    `"algorithms" is ${JSON.stringify(algorithms)}, expected one or more of ${signatureAlgorithms.join(', ')}.`,
  );
}

function readProfile(profile: AccessTokenProfileName | AccessTokenProfile = 'rfc9068'): AccessTokenProfile {
  if (typeof profile === 'object') return profile;
  if (Object.hasOwn(profiles, profile)) return profiles[profile];
  throw new ConfigurationError(
    'invalid_option',
    `"profile" is "${profile}", expected one of ${Object.keys(profiles).join(', ')}, or an object.`,
  );
}

function readStaticKeys(jwks: { readonly keys: readonly object[] }): JsonObject[] {
  const keys: unknown = jwks.keys;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isJsonObject)) {
    throw new ConfigurationError(
      'invalid_option',
      '"jwks" is not a JSON Web Key Set, expected { keys: [...] }.',
    );
  }
  // RFC 8725 section 3.1: with a symmetric key, each verifier could issue tokens. Symmetric keys are never used.
  if (keys.some(({ kty }) => kty !== 'oct')) return keys;
  throw new ConfigurationError(
    'invalid_option',
    '"jwks" contains only symmetric keys ("kty": "oct"), expected the public keys of the issuer.',
  );
}

function checkJwksUri(
  jwksUri: string,
  { allowInsecureIssuer }: { readonly allowInsecureIssuer: boolean },
): void {
  const protocol = URL.canParse(jwksUri) ? new URL(jwksUri).protocol : undefined;
  if (protocol === 'https:' || (protocol === 'http:' && allowInsecureIssuer)) return;
  throw new ConfigurationError('invalid_option', `"jwksUri" is "${jwksUri}", expected an https URL.`);
}
