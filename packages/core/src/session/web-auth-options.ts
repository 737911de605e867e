import type { ClientSettings } from '../client/client-options.ts';
import { createClient } from '../client/create-client.ts';
import { ConfigurationError } from '../errors.ts';
import { getPresetScope } from '../providers/apply-preset.ts';
import { createNamedPreset } from '../providers/named-presets.ts';
import type { ProviderPreset } from '../providers/provider.ts';
import { requireSecrets } from './cookies/cookie-encryption.ts';
import { parseBaseUrl, type WebSessionOptions } from './options.ts';

/** Options of {@link createWebAuth}. Each one has a default or an environment variable. */
export interface WebAuthOptions
  extends Partial<Omit<ClientSettings, 'redirectUri' | 'provider' | 'clientId'>>,
    Partial<Omit<WebSessionOptions, 'baseUrl' | 'secret'>> {
  /** The issuer identifier, as the provider writes it. Default: `AUTH_ISSUER`, otherwise that of `provider`. */
  readonly issuer?: string | undefined;
  /**
   * The provider: a preset of `@countersign/core/providers`, or one of your own. Default: the preset that `AUTH_PROVIDER`
   * names, such as `google`. Without it, the provider is recognized by its issuer and endpoints.
   */
  readonly provider?: ProviderPreset | undefined;
  /** The client identifier from the registration at the provider. Default: `AUTH_CLIENT_ID`. */
  readonly clientId?: string | undefined;
  /**
   * At least 32 random characters. If a list: the first secret encrypts, all of them decrypt. Default: `AUTH_SECRET`, several
   * separated by commas.
   */
  readonly secret?: string | readonly string[] | undefined;
  /**
   * The requested scope, space-separated, with `openid`; without it at a provider whose logins are OAuth 2. Default:
   * `AUTH_SCOPE`, otherwise that of the preset, otherwise `openid profile email`.
   */
  readonly scope?: string | undefined;
  /**
   * Requests a refresh token: each login adds what the provider needs, for example the scope `offline_access`, or
   * `access_type=offline` and `prompt=consent` at Google. At an unknown provider, `offline_access` is added if
   * `scopes_supported` lists it. Without a refresh token, the user has to log in again when the access token has expired.
   * Default: true.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
   */
  readonly refreshTokens?: boolean | undefined;
  /**
   * Client secret, sent by HTTP Basic, or as the preset of the provider says. For another method set `clientAuthentication`.
   * Default: `AUTH_CLIENT_SECRET`.
   */
  readonly clientSecret?: string | undefined;
  /**
   * The application's public URL, including its base path. Default: `AUTH_BASE_URL`.
   * If a list: the address with the host of the request is used, otherwise the first one without a pattern. In
   * `https://*.preview.example` the asterisk matches exactly one label. The host of a request only selects one of these
   * addresses. There is one client, and one set of sessions per address.
   */
  readonly baseUrl?: string | readonly string[] | undefined;
  /**
   * Origins to which the session's `fetch` sends the access token. Default: `AUTH_API_ORIGINS`, otherwise none.
   * An origin that is listed with `http:` receives it unencrypted: list it only for an API inside a trusted network.
   */
  readonly apiOrigins?: readonly string[] | undefined;
  /**
   * Trusts `X-Forwarded-Host`. Set it only behind a proxy that overwrites this header. Default: false.
   * If a function returns the options of a host, set it beside the function.
   */
  readonly trustProxy?: boolean | undefined;
  /** Environment variables. Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const required = {
  issuer: 'AUTH_ISSUER',
  clientId: 'AUTH_CLIENT_ID',
  secret: 'AUTH_SECRET',
  baseUrl: 'AUTH_BASE_URL',
} as const;

/**
 * Reads options that are not set from the environment.
 *
 * @throws ConfigurationError that names all missing and invalid options
 */
export function resolveEnvironment(options: WebAuthOptions) {
  const environment = options.environment ?? getProcessEnvironment();
  const read = (name: string) => environment[name]?.trim() || undefined;
  const list = (name: string) => read(name)?.split(/[\s,]+/);
  const provider = findPreset(options, read);
  const providedOptions = {
    issuer: options.issuer ?? read(required.issuer) ?? provider?.issuer,
    clientId: options.clientId ?? read(required.clientId),
    secret: options.secret ?? read(required.secret)?.split(/\s*,\s*/),
    baseUrl: options.baseUrl ?? list(required.baseUrl),
  };
  const { issuer, clientId, secret, baseUrl } = providedOptions;
  const problems = findProblems(options, { ...providedOptions, provider });
  if (issuer === undefined || clientId === undefined || secret === undefined || baseUrl === undefined) {
    const missing = Object.entries(required).filter(
      ([name]) => providedOptions[name as keyof typeof providedOptions] === undefined,
    );
    const names = missing.map(([name, variable]) => `${variable} (or createAuth({ ${name} }))`);
    const message = [`Login is not configured. Set ${names.join(', ')}.`, ...problems].join(' ');
    throw new ConfigurationError('missing_option', message);
  }
  // A single problem is reported where the option is used.
  if (problems.length > 1)
    throw new ConfigurationError('invalid_option', `Login is not configured. ${problems.join(' ')}`);
  return {
    issuer,
    provider,
    clientId,
    secret,
    baseUrls: [baseUrl].flat(),
    scope:
      options.scope ?? read('AUTH_SCOPE') ?? getPresetScope(provider, clientId) ?? 'openid profile email',
    refreshTokens: options.refreshTokens ?? true,
    resource: options.resource ?? list('AUTH_RESOURCE'),
    clientSecret: options.clientSecret ?? read('AUTH_CLIENT_SECRET'),
    apiOrigins: options.apiOrigins ?? list('AUTH_API_ORIGINS') ?? [],
  };
}

/** The preset of the options, or the one that `AUTH_PROVIDER` names. */
function findPreset(
  options: WebAuthOptions,
  read: (name: string) => string | undefined,
): ProviderPreset | undefined {
  const name = read('AUTH_PROVIDER');
  if (options.provider || name === undefined) return options.provider;
  const clientSecret = options.clientSecret ?? read('AUTH_CLIENT_SECRET');
  return createNamedPreset(name, options.issuer ?? read(required.issuer), clientSecret);
}

interface ProvidedOptions {
  readonly issuer: string | undefined;
  readonly provider: ProviderPreset | undefined;
  readonly secret: string | readonly string[] | undefined;
  readonly baseUrl: string | readonly string[] | undefined;
}

/** Finds the errors in the options that are set. */
function findProblems(
  { allowInsecureIssuer = false }: WebAuthOptions,
  providedOptions: ProvidedOptions,
): string[] {
  const { issuer, provider, secret, baseUrl } = providedOptions;
  const checks = [
    () => issuer !== undefined && createClient({ issuer, provider, clientId: 'any', allowInsecureIssuer }),
    () => secret !== undefined && requireSecrets([secret].flat()),
    ...[baseUrl ?? []].flat().map((address) => () => parseBaseUrl(address)),
  ];
  return checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return [toSentence(error.message)];
      throw error;
    }
  });
}

const toSentence = (text: string) => (text.endsWith('.') ? text : `${text}.`);

function getProcessEnvironment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env ?? {};
}
