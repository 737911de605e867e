import type { AuthConfig } from '@countersign/angular';
import type { Settings } from './settings.ts';

interface Environment {
  readonly env: NodeJS.ProcessEnv;
}

/** The settings of this deployment; the server reads them for itself and for the browser. */
export function settingsFromEnvironment({ env }: Environment = process): Settings {
  const issuer = env.ISSUER ?? `http://localhost:${portOf(env.IDENTITY_PROVIDER_PORT, 4000)}`;
  return {
    issuer,
    clientId: env.CLIENT_ID ?? 'angular-spa',
    apiUrl: env.API_URL ?? `http://localhost:${portOf(env.NEST_API_PORT, 3001)}`,
    resource: env.AUDIENCE ?? 'https://api.countersign.example',
    allowInsecureIssuer: new URL(issuer).protocol === 'http:',
    storage: oneOf(['memory', 'tab', 'shared'], env.TOKEN_STORAGE) ?? 'memory',
    dpop: env.DPOP === '1',
    worker: env.TOKEN_WORKER === '1',
    serverRendering: env.SERVER_RENDERING === '1',
  };
}

/** The second client, whose tokens are for the reports alone; served as `/reports.json`. */
export function reportsClient(origin: string, { env }: Environment = process): AuthConfig {
  const { issuer, apiUrl, allowInsecureIssuer } = settingsFromEnvironment({ env });
  return {
    issuer,
    clientId: 'angular-reports',
    redirectUri: `${origin}/reports`,
    scope: 'openid profile reports:read',
    resource: env.REPORTS_AUDIENCE ?? 'https://reports.countersign.example',
    allowInsecureIssuer,
    // Whoever has allowed less is asked once more for what the API finds missing.
    apis: [{ url: `${apiUrl}/reports`, stepUp: true }],
  };
}

export function portOf(value: string | undefined, fallback: number): number {
  const parsed = value === undefined || value === '' ? fallback : Number(value);
  if (Number.isInteger(parsed) && parsed > 0 && parsed < 65_536) return parsed;
  console.error(`"${value}" is not a port between 1 and 65535.`);
  process.exit(1);
}

const oneOf = <T extends string>(known: readonly T[], value: string | undefined): T | undefined =>
  known.find((each) => each === value);
