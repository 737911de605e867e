import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { here } from '../environment.ts';

interface Auth0Cookies {
  encrypt(payload: object, secret: string, expiration: number): Promise<string>;
  decrypt(value: string, secret: string): Promise<{ readonly payload: unknown } | null>;
}

/** Loads the internal cookie functions of the package, which it does not export. */
export async function loadAuth0Cookies(): Promise<Auth0Cookies> {
  const file = join(here, 'node_modules/@auth0/nextjs-auth0/dist/server/cookies.js');
  return (await import(pathToFileURL(file).href)) as Auth0Cookies;
}
