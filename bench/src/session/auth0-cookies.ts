import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { here } from '../environment.ts';

interface Auth0Cookies {
  encrypt(payload: object, secret: string, expiration: number): Promise<string>;
  decrypt(value: string, secret: string): Promise<{ readonly payload: unknown } | null>;
}

/** The package exports its server as a whole only; this is the part of it that seals. */
export async function auth0Cookies(): Promise<Auth0Cookies> {
  const file = join(here, 'node_modules/@auth0/nextjs-auth0/dist/server/cookies.js');
  return (await import(pathToFileURL(file).href)) as Auth0Cookies;
}
