/** The settings of the API, read from environment variables. */
export interface Settings {
  readonly port: number;
  /** The name or address on which the server accepts connections. A container needs `0.0.0.0` or `::`. */
  readonly host: string;
  /** The origin at which clients call this API. */
  readonly origin: string;
  readonly issuer: string;
  readonly audience: string;
  /** The audience of the reports, which require other tokens. */
  readonly reportsAudience: string;
  /** The origins of browser applications that may call the API. */
  readonly corsOrigins: readonly string[];
  /** The Redis in which several processes of this API store used DPoP proofs. */
  readonly redisUrl: string | undefined;
  /** Requires a nonce of this API in DPoP proofs (RFC 9449 section 9). */
  readonly dpopNonce?: boolean;
}

export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const port = parsePort(environment.NEST_API_PORT ?? environment.PORT, 3001);
  const providerPort = parsePort(environment.IDENTITY_PROVIDER_PORT, 4000);
  return {
    port,
    host: environment.HOST || 'localhost',
    origin: environment.ORIGIN ?? `http://localhost:${port}`,
    issuer: environment.ISSUER ?? `http://localhost:${providerPort}`,
    audience: environment.AUDIENCE ?? 'https://api.countersign.example',
    reportsAudience: environment.REPORTS_AUDIENCE ?? 'https://reports.countersign.example',
    corsOrigins: (
      environment.CORS_ORIGIN ?? `http://localhost:${parsePort(environment.ANGULAR_SPA_PORT, 4200)}`
    ).split(','),
    redisUrl: environment.REDIS_URL || undefined,
    dpopNonce: environment.DPOP_NONCE === '1',
  };
}

/** Writes an IPv6 address as in URLs. */
export const formatHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function parsePort(value: string | undefined, defaultPort: number): number {
  const port = value === undefined || value === '' ? defaultPort : Number(value);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new RangeError(`A port is "${value}", expected a number from 0 to 65535.`);
}
