import type { AuthConfig } from '@countersign/angular';
import type { Settings } from './settings.ts';

interface Environment {
  readonly env: NodeJS.ProcessEnv;
}

/** Reads the settings of this deployment from environment variables. */
export function readSettings({ env }: Environment = process): Settings {
  const issuer = env.ISSUER ?? `http://localhost:${readPort(env.IDENTITY_PROVIDER_PORT, 4000)}`;
  return {
    issuer,
    clientId: env.CLIENT_ID ?? 'angular-spa',
    apiUrl: env.API_URL ?? `http://localhost:${readPort(env.NEST_API_PORT, 3001)}`,
    resource: env.AUDIENCE ?? 'https://api.countersign.example',
    allowInsecureIssuer: new URL(issuer).protocol === 'http:',
    storage: findOption(['memory', 'tab', 'shared'], env.TOKEN_STORAGE) ?? 'memory',
    dpop: env.DPOP === '1',
    worker: env.TOKEN_WORKER === '1',
    serverRendering: env.SERVER_RENDERING === '1',
  };
}

/** Creates the configuration of the second client, whose tokens are for the reports only. Served as `/reports.json`. */
export function createReportsConfig(origin: string, { env }: Environment = process): AuthConfig {
  const { issuer, apiUrl, allowInsecureIssuer } = readSettings({ env });
  return {
    issuer,
    clientId: 'angular-reports',
    redirectUri: `${origin}/reports`,
    scope: 'openid profile reports:read',
    resource: env.REPORTS_AUDIENCE ?? 'https://reports.countersign.example',
    allowInsecureIssuer,
    // If the API reports insufficient scope, the user is asked for the missing scope.
    apis: [{ url: `${apiUrl}/reports`, stepUp: true }],
  };
}

export function readPort(value: string | undefined, fallback: number): number {
  const parsed = value === undefined || value === '' ? fallback : Number(value);
  if (Number.isInteger(parsed) && parsed > 0 && parsed < 65_536) return parsed;
  console.error(`The port is "${value}", expected a number between 1 and 65535.`);
  process.exit(1);
}

const findOption = <T extends string>(options: readonly T[], value: string | undefined): T | undefined =>
  options.find((each) => each === value);
