import type { Settings } from './settings.ts';

/** The settings of this deployment; the server reads them for itself and for the browser. */
export function settingsFromEnvironment({ env } = process): Settings {
  const issuer = env.ISSUER ?? `http://localhost:${portOf(env.IDENTITY_PROVIDER_PORT, 4000)}`;
  return {
    issuer,
    clientId: env.CLIENT_ID ?? 'angular-spa',
    apiUrl: env.API_URL ?? `http://localhost:${portOf(env.NEST_API_PORT, 3001)}`,
    resource: env.AUDIENCE ?? 'https://api.countersign.example',
    reportsResource: env.REPORTS_AUDIENCE ?? 'https://reports.countersign.example',
    allowInsecureIssuer: new URL(issuer).protocol === 'http:',
    storage: oneOf(['memory', 'tab', 'shared'], env.TOKEN_STORAGE) ?? 'memory',
    dpop: env.DPOP === '1',
    worker: env.TOKEN_WORKER === '1',
    serverRendering: env.SERVER_RENDERING === '1',
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
