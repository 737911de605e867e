import { ConfigurationError } from '../errors.ts';
import { checkOptions } from '../internal/check-options.ts';
import { type Clock, seconds } from '../internal/clock.ts';
import { normalizeMetadata } from '../protocol/metadata.ts';
import { checkRange } from '../protocol/option-checks.ts';
import { isSecureUrl } from '../protocol/secure-url.ts';
import { isMetadataIssuer } from '../protocol/tokens/token-issuer.ts';
import { applyPreset } from '../providers/apply-preset.ts';
import { recognizeProvider } from '../providers/recognize-provider.ts';
import type { Client } from './client.ts';
import { type ClientContext, registerClientContext } from './client-context.ts';
import { clientOptionHints, clientOptionTypes } from './client-option-types.ts';
import type { ClientOptions, ClientSettings } from './client-options.ts';
import { checkOAuth2Login } from './login/oauth2-login.ts';
import { type ClientAuthentication, createdSecretPost, none } from './wire/client-authentication.ts';
import type { AuthorizationServerMetadata } from './wire/server-metadata.ts';
import { checkSigningKey } from './wire/signing-key.ts';

/**
 * Creates a client. Sends no request: the metadata is fetched by the first function that needs it.
 *
 * @throws ConfigurationError `missing_option`, `invalid_option`, `insecure_issuer`, or `unsupported_by_provider` if the scope has
 *   `openid` and the preset is one for OAuth 2 logins
 * @see https://openid.net/specs/openid-connect-core-1_0.html#Terminology
 * @example
 * ```ts
 * import { clientSecretBasic, createClient } from '@countersign/core';
 *
 * const client = createClient({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'web',
 *   clientAuthentication: clientSecretBasic(process.env.CLIENT_SECRET ?? ''),
 *   redirectUri: 'https://app.example.com/callback',
 *   scope: 'openid profile',
 *   refreshTokens: true,
 * });
 * ```
 */
export function createClient(givenOptions: ClientOptions): Client {
  checkOptions('createClient()', givenOptions, { types: clientOptionTypes, hints: clientOptionHints });
  const options = applyPreset(givenOptions);
  const issuer = requireText(options.issuer, 'issuer');
  const clientId = requireText(options.clientId, 'clientId');
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (!url || url.search || url.hash || !/^https?:$/.test(url.protocol)) {
    throw new ConfigurationError(
      'invalid_option',
      `"issuer" is "${issuer}", expected an https URL without query and fragment.`,
    );
  }
  if (url.protocol === 'http:' && options.allowInsecureIssuer !== true) {
    throw new ConfigurationError(
      'insecure_issuer',
      `issuer "${issuer}" is plain http. For a provider on the local machine, set allowInsecureIssuer: true.`,
    );
  }
  for (const name of signedResponseAlgorithms) {
    const alg = options[name];
    if (alg === undefined || asymmetric.test(alg)) continue;
    // With HMAC, each holder of the secret could issue tokens; with `none`, anyone could (RFC 8725 sections 3.1 and 3.2).
    throw new ConfigurationError(
      'invalid_option',
      `"${name}" is "${alg}", expected RS256, PS256, ES256 (or 384, 512), EdDSA or Ed25519.`,
    );
  }
  checkOAuth2Options(options);
  checkEncryption(options);
  checkKeys(options);
  const issuerRule = { issuer, tenants: options.provider?.tenants };
  if (options.metadata && !isMetadataIssuer(issuerRule, options.metadata.issuer)) {
    throw new ConfigurationError(
      'invalid_option',
      `"metadata.issuer" is "${options.metadata.issuer}", expected the issuer "${issuer}".`,
    );
  }
  const allowInsecure = options.allowInsecureIssuer === true;
  checkMetadataUrl(options);
  const metadata = options.metadata && normalizeMetadata(options.metadata, { allowInsecure });
  const clockTolerance = checkRange('clockTolerance', options.clockTolerance ?? 30, {
    min: 0,
    max: 300,
    unit: 'seconds',
  });
  const now = options.now ?? Date.now;
  const { retryAfter } = options.provider ?? recognizeProvider({ issuer }) ?? {};
  const context: ClientContext = {
    options,
    issuerRule,
    ...(metadata && { metadata: metadata as AuthorizationServerMetadata }),
    authentication: findAuthentication(options, now),
    http: {
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      now,
      timeout: checkRange('timeout', options.timeout ?? 10_000, {
        min: 1,
        max: 600_000,
        unit: 'milliseconds',
      }),
      retries: checkRange('retries', options.retries ?? 2, { min: 0, max: 10, unit: 'attempts' }),
      ...(retryAfter && { retryAfter }),
      maxBytes: checkRange('maxResponseBytes', options.maxResponseBytes ?? 1_048_576, {
        min: 1_024,
        max: 67_108_864,
        unit: 'bytes',
      }),
    },
    now,
    clockTolerance,
    idTokenMaxAge: checkRange('idTokenMaxAge', options.idTokenMaxAge ?? 3600, {
      min: 1,
      max: 31_536_000,
      unit: 'seconds',
    }),
    resources: typeof options.resource === 'string' ? [options.resource] : (options.resource ?? []),
    scope: options.scope ?? (options.provider?.oauth2Userinfo ? '' : 'openid'),
    state: {},
  };
  const { clientAuthentication, dpop, requestObjectSigningKey, decrypt, ...publicOptions } = options;
  const client: Client = { issuer, clientId, options: publicOptions };
  registerClientContext(client, context);
  return client;
}

/** The authentication of the options, or that of the preset. */
function findAuthentication(
  { clientAuthentication, provider }: ClientSettings,
  now: Clock,
): ClientAuthentication {
  const { createClientSecret } = provider ?? {};
  if (clientAuthentication) return clientAuthentication;
  if (!createClientSecret) return none();
  return createdSecretPost((clientId) => createClientSecret({ clientId, now: seconds(now) }));
}

const signedResponseAlgorithms = [
  'idTokenSignedResponseAlg',
  'userinfoSignedResponseAlg',
  'authorizationSignedResponseAlg',
  'introspectionSignedResponseAlg',
] as const;

function checkMetadataUrl({ metadataUrl, metadata, allowInsecureIssuer }: ClientOptions): void {
  if (metadataUrl === undefined) return;
  if (metadata)
    throw new ConfigurationError(
      'invalid_option',
      'metadata and metadataUrl are both set. Remove one of them.',
    );
  if (isSecureUrl(metadataUrl, { allowInsecure: allowInsecureIssuer })) return;
  throw new ConfigurationError('invalid_option', `"metadataUrl" is "${metadataUrl}", expected an https URL.`);
}

/** An OAuth 2 login has a bearer token, which the userinfo endpoint receives, and no ID token. */
function checkOAuth2Options({ provider, scope = '', dpop }: ClientSettings): void {
  checkOAuth2Login(provider, { scope });
  if (!provider?.oauth2Userinfo || !dpop) return;
  throw new ConfigurationError(
    'invalid_option',
    `"dpop" is set, but logins at "${provider.name}" are OAuth 2 with bearer tokens.`,
  );
}

function checkKeys({ requestObjectSigningKey, dpop }: ClientOptions): void {
  if (requestObjectSigningKey) checkSigningKey('requestObjectSigningKey.key', requestObjectSigningKey.key);
  if (!dpop) return;
  checkSigningKey('dpop.keyPair.privateKey', dpop.keyPair.privateKey);
  const { type, extractable } = dpop.keyPair.publicKey;
  // Each proof contains the public key (RFC 9449 section 4.2).
  if (type === 'public' && extractable) return;
  throw new ConfigurationError(
    'invalid_option',
    '"dpop.keyPair.publicKey" is not an extractable public key. Use the result of generateDpopKeyPair().',
  );
}

function checkEncryption({ userinfoEncryptedResponseAlg: alg, decrypt }: ClientOptions): void {
  if (alg === undefined) return;
  // RSA1_5 is vulnerable to padding oracle attacks (RFC 8725 section 3.2).
  if (!/^(RSA-OAEP(-256|-384|-512)?|ECDH-ES(\+A(128|192|256)KW)?)$/.test(alg)) {
    throw new ConfigurationError(
      'invalid_option',
      `"userinfoEncryptedResponseAlg" is "${alg}", expected RSA-OAEP (also -256, -384, -512) or ECDH-ES (also +A128KW, +A192KW, +A256KW).`,
    );
  }
  if (!decrypt) {
    throw new ConfigurationError(
      'missing_option',
      'userinfoEncryptedResponseAlg requires the option decrypt. Set decrypt: createDecrypt(privateKey).',
    );
  }
}

const asymmetric = /^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/;

function requireText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new ConfigurationError('missing_option', `${name} is missing. Set createClient({ ${name}: '...' }).`);
}
