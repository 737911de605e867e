/** The addresses and names with which a reader replaces the examples of a README. */
export interface Values {
  readonly issuer: string;
  readonly audience: string;
  /** The origin of the generated API. */
  readonly api: string;
  /** The origin of the generated application that the browser opens. */
  readonly web: string;
  readonly spa: string;
}

export interface Application {
  /** The name of the folder. */
  readonly name: string;
  /** The application with the same dependencies, whose lockfile is used. Default: its own. */
  readonly lockfile?: string;
  /** Selects the addresses: those of the API, or those of an application that a browser opens. */
  readonly kind: 'api' | 'web' | 'spa';
  readonly page: string;
  /** The generator, its version in a run without `--latest`, and options that the README does not name. */
  readonly generator: { readonly name: string; readonly version: string; readonly options?: string };
  /** The major version that `--latest` takes. Default: the newest. */
  readonly major?: number;
  /** Replaces the example values. Each must occur, so that the test fails after a change of the README. */
  readonly replacements: (values: Values) => readonly (readonly [string, string])[];
  /** Where a file of the README is. Default: at its path. */
  readonly place?: (path: string) => string;
  /** Files that the application has already, or that another section of the README describes. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** The path that a browser opens. Default: none, for an API. */
  readonly path?: string;
  /** Commands that must succeed after the build: the generated tests and checks still pass. */
  readonly checks: readonly string[];
  /** Undefined: only the production build is tested. */
  readonly development: string | undefined;
  /** Default: `npm run build`. */
  readonly build?: string;
  /** Default: the static files of `output` are served. */
  readonly production?: string;
  readonly output?: string;
}

export const api: Application = {
  name: 'api',
  kind: 'api',
  page: 'packages/nest/README.md',
  generator: { name: '@nestjs/cli', version: '12.0.8' },
  replacements: ({ issuer, audience, spa }) => [
    ["audience: 'https://api.example.com'", `audience: '${audience}', allowInsecureIssuer: true`],
    ['https://login.example.com', issuer],
    ['http://localhost:4200', spa],
  ],
  checks: ['npm test', 'npm run test:e2e'],
  development: 'npm run start:dev',
  production: 'npm run start:prod',
};

export const web: Application = {
  name: 'web',
  kind: 'web',
  page: 'packages/next/README.md',
  generator: { name: 'create-next-app', version: '16.4.3' },
  replacements: ({ issuer, audience, api, web }) => [
    ['createAuth()', 'createAuth({ allowInsecureIssuer: true })'],
    ['https://login.example.com', issuer],
    ['AUTH_CLIENT_ID=web', 'AUTH_CLIENT_ID=next-web'],
    ['AUTH_CLIENT_SECRET=...', 'AUTH_CLIENT_SECRET=next-web-demo-secret'],
    ['AUTH_SECRET=...', 'AUTH_SECRET=a-secret-for-tests-that-has-32-bytes-'],
    ['AUTH_RESOURCE=https://api.example.com', `AUTH_RESOURCE=${audience}`],
    ['http://localhost:3000', web],
    ['https://api.example.com', api],
  ],
  path: '/dashboard',
  checks: ['npm run lint'],
  development: 'npm run dev',
  production: 'npm start',
};

export const spa: Application = {
  name: 'spa',
  kind: 'spa',
  page: 'packages/angular/README.md',
  generator: { name: '@angular/cli', version: '22.2.7' },
  replacements: ({ issuer, audience, api }) => [
    ["clientId: 'spa',", "clientId: 'angular-spa', allowInsecureIssuer: true,"],
    ['https://login.example.com', issuer],
    ["resource: 'https://api.example.com'", `resource: '${audience}'`],
    ['https://api.example.com', api],
  ],
  path: '/items',
  checks: ['npm test -- --no-watch'],
  development: 'npm start -- --port PORT',
  output: 'dist/spa/browser',
};

/** The defaults of the generators. The API comes first: the other applications call it. */
export const applications: readonly Application[] = [api, web, spa];
