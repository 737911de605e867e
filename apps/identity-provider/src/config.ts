import { createFileRequestLog } from './http/request-log.ts';
import type { StartOptions } from './start.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the options from environment variables. An empty variable counts as absent.
 *
 * @throws Error that names the invalid variable
 */
export function readOptions(environment: Environment): StartOptions & { readonly port: number } {
  const { HOST, ISSUER, REQUEST_LOG, ALLOW_NON_LOOPBACK, REQUIRE_CONSENT_PROMPT } = environment;
  const port = (name: string, fallback: number) =>
    readInteger(environment, name, { fallback, most: 65_535, what: 'a port between 1 and 65535' });
  return {
    port: port('IDENTITY_PROVIDER_PORT', 4000),
    ...(HOST && { host: HOST }),
    ...(ISSUER && { issuer: ISSUER }),
    allowNonLoopback: ALLOW_NON_LOOPBACK === '1',
    requireConsentPrompt: REQUIRE_CONSENT_PROMPT === '1',
    origins: {
      nextWeb: `http://localhost:${port('NEXT_WEB_PORT', 3000)}`,
      angularSpa: `http://localhost:${port('ANGULAR_SPA_PORT', 4200)}`,
      ...(environment.ANGULAR_SSR_PORT && {
        angularSsr: `http://localhost:${port('ANGULAR_SSR_PORT', 4200)}`,
      }),
    },
    accessTokenLifetime: readInteger(environment, 'ACCESS_TOKEN_LIFETIME', {
      fallback: 60,
      most: 86_400,
      what: 'a count of seconds between 1 and 86400',
    }),
    ...(REQUEST_LOG && { requestLog: createFileRequestLog(REQUEST_LOG) }),
  };
}

function readInteger(
  environment: Environment,
  name: string,
  { fallback, most, what }: { readonly fallback: number; readonly most: number; readonly what: string },
): number {
  const value = Number(environment[name] || fallback);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${name} is "${environment[name]}", expected ${what}.`);
}
