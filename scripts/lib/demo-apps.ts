import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readPort } from './processes/ports.ts';
import { type Command, root } from './processes/process.ts';

export interface DemoApp {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** The environment variable that sets the port. */
  readonly variable: string;
  readonly description: string;
  /** The URL that responds when the app is ready. */
  readonly ready: string;
  readonly command: () => Command;
}

export interface Demo {
  readonly apps: readonly DemoApp[];
  readonly issuer: string;
  readonly directory: string;
  readonly requestLog: string;
}

const audience = 'https://api.countersign.example';

/** Plans the four apps of the demo: ports, commands and environment. */
export function planDemo(): Demo {
  const ports = {
    IDENTITY_PROVIDER_PORT: readPort('IDENTITY_PROVIDER_PORT', 4000),
    NEXT_WEB_PORT: readPort('NEXT_WEB_PORT', 3000),
    NEST_API_PORT: readPort('NEST_API_PORT', 3001),
    ANGULAR_SPA_PORT: readPort('ANGULAR_SPA_PORT', 4200),
  };
  const issuer = `http://localhost:${ports.IDENTITY_PROVIDER_PORT}`;
  const web = `http://localhost:${ports.NEXT_WEB_PORT}`;
  const api = `http://localhost:${ports.NEST_API_PORT}`;
  const spa = `http://localhost:${ports.ANGULAR_SPA_PORT}`;
  const directory = join(root, '.demo');
  const requestLog = join(directory, 'requests.log');
  const shared = {
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    ISSUER: issuer,
  };
  const app = (name: string) => join(root, 'apps', name);

  return {
    issuer,
    directory,
    requestLog,
    apps: [
      {
        name: 'identity-provider',
        url: issuer,
        port: ports.IDENTITY_PROVIDER_PORT,
        variable: 'IDENTITY_PROVIDER_PORT',
        description: 'OpenID provider with two users, for demonstration only',
        ready: `${issuer}/.well-known/openid-configuration`,
        command: () => ({
          command: process.execPath,
          args: ['src/main.ts'],
          cwd: app('identity-provider'),
          env: { ...shared, REQUEST_LOG: requestLog },
        }),
      },
      {
        name: 'nest-api',
        url: api,
        port: ports.NEST_API_PORT,
        variable: 'NEST_API_PORT',
        description: 'NestJS: the API that the other apps call',
        ready: `${api}/health`,
        command: () => ({
          command: process.execPath,
          args: ['dist/main.js'],
          cwd: app('nest-api'),
          env: {
            ...shared,
            NODE_ENV: 'production',
            PORT: String(ports.NEST_API_PORT),
            AUDIENCE: audience,
            CORS_ORIGIN: spa,
          },
        }),
      },
      {
        name: 'next-web',
        url: web,
        port: ports.NEXT_WEB_PORT,
        variable: 'NEXT_WEB_PORT',
        description: 'Next.js: session on the server, no tokens in the browser',
        ready: `${web}/`,
        command: () => ({
          command: process.execPath,
          args: [
            createRequire(join(app('next-web'), 'package.json')).resolve('next/dist/bin/next'),
            'start',
            '-H',
            'localhost',
            '-p',
            String(ports.NEXT_WEB_PORT),
          ],
          cwd: app('next-web'),
          env: {
            ...shared,
            NODE_ENV: 'production',
            PORT: String(ports.NEXT_WEB_PORT),
            AUTH_ISSUER: issuer,
            AUTH_CLIENT_ID: 'next-web',
            AUTH_CLIENT_SECRET: 'next-web-demo-secret',
            AUTH_SECRET: readDemoSecret(directory),
            AUTH_BASE_URL: web,
            API_URL: api,
          },
        }),
      },
      {
        name: 'angular-spa',
        url: spa,
        port: ports.ANGULAR_SPA_PORT,
        variable: 'ANGULAR_SPA_PORT',
        description: 'Angular: public client in the browser, tokens in memory',
        ready: `${spa}/`,
        command: () => ({
          command: process.execPath,
          args: ['serve.ts'],
          cwd: app('angular-spa'),
          env: { ...shared, PORT: String(ports.ANGULAR_SPA_PORT), API_URL: api },
        }),
      },
    ],
  };
}

/** Reads the secret that encrypts the demo's cookies. It is stored, so that a restart does not end a session. */
function readDemoSecret(directory: string): string {
  const file = join(directory, 'secret');
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}
