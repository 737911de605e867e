import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from './exit.ts';

export interface Config {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** Whether a refresh token is requested. */
  readonly refreshTokens: boolean;
  /** The API's resource indicator (RFC 8707), if any. */
  readonly resource: string | undefined;
  /** The identifier of the API in Auth0's `audience` parameter, if any. */
  readonly audience: string | undefined;
  readonly tokenRequestFormat: 'form' | 'json';
  readonly apiUrl: URL;
  /** The directory in which the tokens are stored. */
  readonly home: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings from environment variables. The defaults are those of the demo. */
export function readConfig(env: Environment): Config {
  const issuer = env.ISSUER || `http://localhost:${env.IDENTITY_PROVIDER_PORT || 4000}`;
  const apiUrl = env.API_URL || `http://localhost:${env.NEST_API_PORT || 3001}`;
  if (!URL.canParse(issuer)) throw new UsageError(`ISSUER is "${issuer}", expected a URL.`);
  if (!URL.canParse(apiUrl)) throw new UsageError(`API_URL is "${apiUrl}", expected a URL.`);
  return {
    issuer,
    clientId: env.CLIENT_ID || 'native-cli',
    scope: env.SCOPE || 'openid profile email items:read items:write',
    refreshTokens: env.REFRESH_TOKENS !== 'false',
    // If the variable is empty, no resource indicator is sent.
    resource: (env.RESOURCE ?? 'https://api.countersign.example') || undefined,
    audience: env.AUDIENCE || undefined,
    tokenRequestFormat: env.TOKEN_REQUEST_FORMAT === 'json' ? 'json' : 'form',
    apiUrl: new URL(apiUrl),
    home: findHome(env),
  };
}

/** Plain http is allowed for a provider on the loopback interface only (RFC 8252 section 8.3). */
export function isLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function findHome(env: Environment): string {
  if (env.COUNTERSIGN_CLI_HOME) return env.COUNTERSIGN_CLI_HOME;
  // XDG base directory specification: a relative path is invalid and is ignored.
  const stateHome = env.XDG_STATE_HOME;
  if (stateHome && isAbsolute(stateHome)) return join(stateHome, 'countersign-cli');
  return join(env.HOME || homedir(), '.local', 'state', 'countersign-cli');
}
