import { InjectionToken } from '@angular/core';

/** Where the provider and the API are; served as `/config.json`, so that one build runs anywhere. */
export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly apiUrl: string;
  readonly resource: string;
  /** True for a provider on this machine, which speaks plain http. */
  readonly allowInsecureIssuer: boolean;
  /** Where tokens are kept: in memory, or where a reload or every tab finds them. */
  readonly storage: 'memory' | 'tab' | 'shared';
  /** Binds tokens to a key of this browser (RFC 9449). */
  readonly dpop: boolean;
  /** Refresh tokens are in a worker alone; with `memory` only. */
  readonly worker: boolean;
  /** Pages come rendered from the server; a cookie tells it whom it renders for. */
  readonly serverRendering: boolean;
}

export const SETTINGS = new InjectionToken<Settings>('settings');

export async function loadSettings(): Promise<Settings> {
  const response = await fetch('/config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/config.json answered with status ${response.status}`);
  return response.json();
}
