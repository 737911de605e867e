import { join } from 'node:path';

/** Separate ports, so that tests can run beside the demo. */
const ports = {
  IDENTITY_PROVIDER_PORT: process.env.E2E_IDENTITY_PROVIDER_PORT ?? '4100',
  NEXT_WEB_PORT: process.env.E2E_NEXT_WEB_PORT ?? '3100',
  NEST_API_PORT: process.env.E2E_NEST_API_PORT ?? '3101',
  ANGULAR_SPA_PORT: process.env.E2E_ANGULAR_SPA_PORT ?? '4300',
  ANGULAR_SSR_PORT: process.env.E2E_ANGULAR_SSR_PORT ?? '4301',
};
Object.assign(process.env, ports);

/** The URL of each server of the test run. */
export const urls = {
  identityProvider: `http://localhost:${ports.IDENTITY_PROVIDER_PORT}`,
  nextWeb: `http://localhost:${ports.NEXT_WEB_PORT}`,
  nestApi: `http://localhost:${ports.NEST_API_PORT}`,
  angularSpa: `http://localhost:${ports.ANGULAR_SPA_PORT}`,
  /** The same build with server rendering. */
  angularSsr: `http://localhost:${ports.ANGULAR_SSR_PORT}`,
};

/** Timeout for pages. The chaos scenarios do not read the timeout of the runner. */
export const patience = { timeout: 15_000 };

/** Maximum age of a recent login in seconds, in addition to 30 seconds of clock skew. */
export const recentLogin = 1;

/** The folder of everything that a test run writes. Two runs at the same time need two folders. */
export const results = process.env.E2E_RESULTS ?? join(import.meta.dirname, '..', 'test-results');

/** The folder of the server logs and of the provider's request log. */
export const logs = join(results, 'servers');
export const requestLog = join(logs, 'requests.jsonl');
