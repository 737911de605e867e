/** Where the API listens and whom it trusts, from the environment. */
export interface Settings {
  readonly port: number;
  /** Where clients call this API, as they write it. */
  readonly origin: string;
  readonly issuer: string;
  readonly audience: string;
  /** The second API that this server is: reports have tokens of their own. */
  readonly reportsAudience: string;
  /** Whose pages may call. */
  readonly corsOrigins: readonly string[];
  /** Several processes that serve this API remember used DPoP proofs together, in Redis. */
  readonly redisUrl: string | undefined;
  /** DPoP proofs have to carry a nonce of this API (RFC 9449 section 9). */
  readonly dpopNonce?: boolean;
}

export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const port = portOf(environment.NEST_API_PORT ?? environment.PORT, 3001);
  const providerPort = portOf(environment.IDENTITY_PROVIDER_PORT, 4000);
  return {
    port,
    origin: environment.ORIGIN ?? `http://localhost:${port}`,
    issuer: environment.ISSUER ?? `http://localhost:${providerPort}`,
    audience: environment.AUDIENCE ?? 'https://api.countersign.example',
    reportsAudience: environment.REPORTS_AUDIENCE ?? 'https://reports.countersign.example',
    corsOrigins: (
      environment.CORS_ORIGIN ?? `http://localhost:${portOf(environment.ANGULAR_SPA_PORT, 4200)}`
    ).split(','),
    redisUrl: environment.REDIS_URL || undefined,
    dpopNonce: environment.DPOP_NONCE === '1',
  };
}

function portOf(value: string | undefined, otherwise: number): number {
  const port = value === undefined || value === '' ? otherwise : Number(value);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new RangeError(`A port is a number from 1 to 65535, got "${value}".`);
}
