import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from './exit.ts';

export interface Config {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  /** The API's resource indicator (RFC 8707), if any. */
  readonly resource: string | undefined;
  /** Auth0's own parameter for the API. */
  readonly audience: string | undefined;
  readonly tokenRequestFormat: 'form' | 'json';
  readonly apiUrl: URL;
  /** Where the tokens are kept. */
  readonly home: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings from the environment; without any, those of the demo. */
export function readConfig(env: Environment): Config {
  const issuer = env.ISSUER || `http://localhost:${env.IDENTITY_PROVIDER_PORT || 4000}`;
  const apiUrl = env.API_URL || `http://localhost:${env.NEST_API_PORT || 3001}`;
  if (!URL.canParse(issuer)) throw new UsageError(`ISSUER is not a URL: ${issuer}`);
  if (!URL.canParse(apiUrl)) throw new UsageError(`API_URL is not a URL: ${apiUrl}`);
  return {
    issuer,
    clientId: env.CLIENT_ID || 'native-cli',
    scope: env.SCOPE || 'openid profile email offline_access items:read items:write',
    // Set, but empty: no resource indicator is sent.
    resource: (env.RESOURCE ?? 'https://api.countersign.example') || undefined,
    audience: env.AUDIENCE || undefined,
    tokenRequestFormat: env.TOKEN_REQUEST_FORMAT === 'json' ? 'json' : 'form',
    apiUrl: new URL(apiUrl),
    home: homeOf(env),
  };
}

/** Plain http is for a provider on this machine only (RFC 8252 section 8.3 allows it for loopback). */
export function isLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function homeOf(env: Environment): string {
  if (env.COUNTERSIGN_CLI_HOME) return env.COUNTERSIGN_CLI_HOME;
  // The XDG base directory specification: a relative path there is invalid and is ignored.
  const state = env.XDG_STATE_HOME;
  if (state && isAbsolute(state)) return join(state, 'countersign-cli');
  return join(env.HOME || homedir(), '.local', 'state', 'countersign-cli');
}
