import { join } from 'node:path';

/** Ports of their own, so that the tests run beside a demo. */
const ports = {
  IDENTITY_PROVIDER_PORT: process.env.E2E_IDENTITY_PROVIDER_PORT ?? '4100',
  NEXT_WEB_PORT: process.env.E2E_NEXT_WEB_PORT ?? '3100',
  NEST_API_PORT: process.env.E2E_NEST_API_PORT ?? '3101',
  ANGULAR_SPA_PORT: process.env.E2E_ANGULAR_SPA_PORT ?? '4300',
  ANGULAR_SSR_PORT: process.env.E2E_ANGULAR_SSR_PORT ?? '4301',
};
Object.assign(process.env, ports);

/** Where each server of the test run answers. */
export const urls = {
  identityProvider: `http://localhost:${ports.IDENTITY_PROVIDER_PORT}`,
  nextWeb: `http://localhost:${ports.NEXT_WEB_PORT}`,
  nestApi: `http://localhost:${ports.NEST_API_PORT}`,
  angularSpa: `http://localhost:${ports.ANGULAR_SPA_PORT}`,
  /** The same build, with its pages rendered on a server. */
  angularSsr: `http://localhost:${ports.ANGULAR_SSR_PORT}`,
};

/** Seconds that an access token lives in the test run: short, so that its end is seen. */
export const accessTokenLife = 8;

/** For a page that must be there; said outright, because the runner's own setting does not reach the chaos scenarios. */
export const patience = { timeout: 15_000 };

/** Seconds for which the API counts a login as recent, beside the thirty that clocks may differ. */
export const recentLogin = 1;

/** What the servers print and the provider's request log. */
export const logs = join(import.meta.dirname, '..', 'test-results', 'servers');
export const requestLog = join(logs, 'requests.jsonl');
