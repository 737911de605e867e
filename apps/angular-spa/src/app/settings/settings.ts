import { InjectionToken } from '@angular/core';

/** The settings of a deployment. They are served as `config.json` beside the page, so that one build runs in each environment. */
export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
  readonly apiUrl: string;
  readonly resource: string;
  /** Allows plain http, for a provider on the local machine. */
  readonly allowInsecureIssuer: boolean;
  /** Where tokens are stored: in memory, in the tab (survives a reload), or shared by all tabs. */
  readonly storage: 'memory' | 'tab' | 'shared';
  /** Binds tokens to a key of the browser (RFC 9449). */
  readonly dpop: boolean;
  /** Holds refresh tokens in a worker. Requires the storage `memory`. */
  readonly worker: boolean;
  /** Renders pages on the server. A cookie identifies the user. */
  readonly serverRendering: boolean;
}

export const SETTINGS = new InjectionToken<Settings>('settings');

export async function loadSettings(): Promise<Settings> {
  // The application can be deployed below a path.
  const { href } = new URL('config.json', document.baseURI);
  const response = await fetch(href, { cache: 'no-store' });
  if (!response.ok) throw new Error(`${href} returned status ${response.status}, expected 200.`);
  return response.json();
}
