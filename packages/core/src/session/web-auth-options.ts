import type { ClientOptions } from '../client/client-options.ts';
import { createClient } from '../client/create-client.ts';
import { ConfigurationError } from '../errors.ts';
import { requireSecrets } from './cookies/sealer.ts';
import { parseBaseUrl, type WebSessionOptions } from './options.ts';

/** Every option has a default or an environment variable; see {@link createWebAuth}. */
export interface WebAuthOptions
  extends Partial<Omit<ClientOptions, 'redirectUri'>>,
    Partial<Omit<WebSessionOptions, 'baseUrl'>> {
  /** Default: `AUTH_CLIENT_SECRET`, sent by HTTP Basic. For another method set `clientAuthentication`. */
  readonly clientSecret?: string;
  /**
   * The application's address as users see it, base path included. Default: `AUTH_BASE_URL`.
   * Of a list, the one with the request's host is taken, otherwise the first without a pattern.
   * `https://*.preview.example` stands for any one label in the place of the asterisk. A host of a request only chooses
   * among these addresses: whatever hosts are named, there is one client, and one set of sessions for each address.
   */
  readonly baseUrl?: string | readonly string[];
  /** Origins that the session's `fetch` sends the token to. Default: `AUTH_API_ORIGINS`. */
  readonly apiOrigins?: readonly string[];
  /**
   * Believes `X-Forwarded-Host`: only behind a proxy that sets it itself. Default: false.
   * Where a function chooses the options by host, this stands beside the function.
   */
  readonly trustProxy?: boolean;
  /** Default: the environment of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const required = {
  issuer: 'AUTH_ISSUER',
  clientId: 'AUTH_CLIENT_ID',
  secret: 'AUTH_SECRET',
  baseUrl: 'AUTH_BASE_URL',
} as const;

/**
 * Fills the options up from the environment.
 *
 * @throws ConfigurationError that names everything that is missing or wrong at once
 */
export function fillFromEnvironment(options: WebAuthOptions) {
  const environment = options.environment ?? environmentOfProcess();
  const read = (name: string) => environment[name]?.trim() || undefined;
  const list = (name: string) => read(name)?.split(/[\s,]+/);
  const given = {
    issuer: options.issuer ?? read(required.issuer),
    clientId: options.clientId ?? read(required.clientId),
    secret: options.secret ?? read(required.secret)?.split(/\s*,\s*/),
    baseUrl: options.baseUrl ?? list(required.baseUrl),
  };
  const { issuer, clientId, secret, baseUrl } = given;
  const wrong = problemsOf(options, given);
  if (issuer === undefined || clientId === undefined || secret === undefined || baseUrl === undefined) {
    const missing = Object.entries(required).filter(
      ([name]) => given[name as keyof typeof given] === undefined,
    );
    const names = missing.map(([name, variable]) => `${variable} (or createAuth({ ${name} }))`);
    const message = [`Login is not set up. Set ${names.join(', ')}.`, ...wrong].join(' ');
    throw new ConfigurationError('missing_option', message);
  }
  // A single mistake is told by whoever uses the option.
  if (wrong.length > 1)
    throw new ConfigurationError('invalid_option', `Login is not set up. ${wrong.join(' ')}`);
  return {
    issuer,
    clientId,
    secret,
    baseUrls: [baseUrl].flat(),
    scope: options.scope ?? read('AUTH_SCOPE') ?? 'openid profile email offline_access',
    resource: options.resource ?? list('AUTH_RESOURCE'),
    clientSecret: options.clientSecret ?? read('AUTH_CLIENT_SECRET'),
    apiOrigins: options.apiOrigins ?? list('AUTH_API_ORIGINS') ?? [],
  };
}

interface GivenOptions {
  readonly issuer: string | undefined;
  readonly secret: string | readonly string[] | undefined;
  readonly baseUrl: string | readonly string[] | undefined;
}

/** What is wrong with the options that are there. */
function problemsOf({ allowInsecureIssuer = false }: WebAuthOptions, given: GivenOptions): string[] {
  const { issuer, secret, baseUrl } = given;
  const checks = [
    () => issuer !== undefined && createClient({ issuer, clientId: 'any', allowInsecureIssuer }),
    () => secret !== undefined && requireSecrets([secret].flat()),
    ...[baseUrl ?? []].flat().map((address) => () => parseBaseUrl(address)),
  ];
  return checks.flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof ConfigurationError) return [sentence(error.message)];
      throw error;
    }
  });
}

const sentence = (text: string) => (text.endsWith('.') ? text : `${text}.`);

function environmentOfProcess(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return process?.env ?? {};
}
