import { vi } from 'vitest';

/** Sets `NODE_ENV` until `unstubNodeEnv()`, even on runtimes without `process`. */
export function stubNodeEnv(value: string): void {
  if ('process' in globalThis) vi.stubEnv('NODE_ENV', value);
  else vi.stubGlobal('process', { env: { NODE_ENV: value } });
}

export function unstubNodeEnv(): void {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
}
