import { accessTokenLifetime } from '../refresh-time.ts';
import { startServers } from './start-servers.ts';

/** Starts the Angular application with and without server rendering, its provider and its API. */
export default function startAngularServers(): Promise<() => Promise<void>> {
  const names = ['identity-provider', 'nest-api', 'angular-spa', 'angular-ssr'];
  return startServers({ names, accessTokenLifetime });
}
