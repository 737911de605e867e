import { ConfigurationError, parseApplicationJson, TransportError } from '@countersign/core/browser';
import type { AuthConfig } from './auth-config.ts';

/** Milliseconds. */
const timeout = 10_000;

/**
 * Takes the configuration from a JSON file, so that one build serves several environments:
 * `provideAuth(configFrom('/auth.json'))`. It is fetched in the browser, before the application starts; the browser's
 * cache is asked whether it is still the same.
 *
 * @param url relative to the base of the application
 * @throws TransportError `network_error` or `timeout` (10 seconds), at start
 * @throws ConfigurationError `missing_option` when there is no such file, `invalid_option` when it holds no JSON object
 */
export function configFrom(url: string | URL): () => Promise<AuthConfig> {
  return async () => {
    const address = new URL(url, document.baseURI).href;
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, { cache: 'no-cache', signal: AbortSignal.timeout(timeout) });
      text = await response.text();
    } catch (error) {
      const late = (error as Error).name === 'TimeoutError';
      throw new TransportError(
        late ? 'timeout' : 'network_error',
        `The configuration could not be fetched from ${address}.`,
      );
    }
    if (!response.ok) {
      throw new ConfigurationError(
        'missing_option',
        `There is no configuration at ${address}: the answer was ${response.status}.`,
      );
    }
    try {
      return parseApplicationJson(text) as unknown as AuthConfig;
    } catch {
      // A server that answers every address with the page of the application would be taken for a configuration.
      throw new ConfigurationError('invalid_option', `What is at ${address} is not a JSON object.`);
    }
  };
}
