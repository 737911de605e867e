import { ConfigurationError, parseApplicationJson, TransportError } from '@countersign/core/browser';
import type { AuthConfig } from './auth-config.ts';

/** Timeout of the request in milliseconds. */
const timeout = 10_000;

/**
 * Loads the configuration from a JSON file, so that one build runs in several environments. The file is requested in
 * the browser before the application starts, and revalidated with the HTTP cache at each start. Without a network, the
 * file of the HTTP cache is used, so that an installed application starts offline.
 *
 * @param url absolute, or relative to the base URL of the application
 * @returns a function for {@link provideAuth}, which runs at start
 * @throws TransportError (the returned function) `network_error`, or `timeout` after 10 seconds
 * @throws ConfigurationError (the returned function) `missing_option` if the response status is not 2xx, or
 *   `invalid_option` if the response is not a JSON object
 * @example
 * ```ts
 * import type { ApplicationConfig } from '@angular/core';
 * import { loadConfig, provideAuth } from '@countersign/angular';
 *
 * export const appConfig: ApplicationConfig = {
 *   providers: [provideAuth(loadConfig('/auth.json'))],
 * };
 * ```
 */
export function loadConfig(url: string | URL): (baseUrl?: string) => Promise<AuthConfig> {
  return async (baseUrl = document.baseURI) => {
    const configUrl = new URL(url, baseUrl).href;
    let response: Response;
    let text: string;
    try {
      response = await fetchConfig(configUrl);
      text = await response.text();
    } catch (error) {
      const isTimeout = (error as Error).name === 'TimeoutError';
      throw new TransportError(
        isTimeout ? 'timeout' : 'network_error',
        `The configuration cannot be loaded from ${configUrl}.`,
      );
    }
    if (!response.ok) {
      throw new ConfigurationError(
        'missing_option',
        `The configuration cannot be loaded from ${configUrl}: status ${response.status}, expected 200.`,
      );
    }
    try {
      return parseApplicationJson(text) as unknown as AuthConfig;
    } catch {
      // Some servers respond with the page of the application to each URL.
      throw new ConfigurationError(
        'invalid_option',
        `The configuration at ${configUrl} is not a JSON object.`,
      );
    }
  };
}

async function fetchConfig(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(timeout);
  try {
    return await fetch(url, { cache: 'no-cache', signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return await fetch(url, { cache: 'force-cache', signal });
  }
}
