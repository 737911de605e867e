import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const folder = join(import.meta.dirname, '../../../../apps/next-web');
const next = createRequire(join(folder, 'package.json')).resolve('next/dist/bin/next');

/** The cookie secret of each process that tests start. */
export const secret = 'the-secret-of-the-browser-tests-for-sealing-its-cookies';

export interface RunningNextWeb {
  readonly origin: string;
  /** Returns the output so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

export interface NextWebOptions {
  readonly port: number;
  readonly issuer: string;
  /** Additional environment variables, which override the defaults. */
  readonly environment?: Readonly<Record<string, string>>;
  /** False removes the proxy from the built application. Default: true. */
  readonly proxy?: boolean;
  /** Runs `next dev`. Default: false; the built application runs. */
  readonly dev?: boolean;
  /** A path that responds with a 2xx status when the application is ready. Default: `/`. */
  readonly readyPath?: string;
}

/** Starts the application in a separate process. */
export async function startNextWeb(options: NextWebOptions): Promise<RunningNextWeb> {
  const { port, issuer, environment, proxy = true, dev = false, readyPath = '/' } = options;
  const origin = `http://localhost:${port}`;
  const copy = dev ? copySources() : proxy ? undefined : copyWithoutProxy();
  const command = dev ? 'dev' : 'start';
  const server = spawn(process.execPath, [next, command, '-H', 'localhost', '-p', String(port)], {
    cwd: copy ?? folder,
    env: {
      ...process.env,
      NODE_ENV: dev ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      AUTH_ISSUER: issuer,
      AUTH_CLIENT_ID: 'next-web',
      AUTH_CLIENT_SECRET: 'next-web-demo-secret',
      AUTH_SECRET: secret,
      AUTH_BASE_URL: origin,
      ...environment,
    },
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const stop = async () => {
    await end(server);
    if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    if ((await fetch(origin + readyPath).catch(() => undefined))?.ok)
      return { origin, output: () => output, stop };
    await delay(100);
  }
  await stop();
  throw new Error(`next-web did not respond at ${origin}:\n${output}`);
}

/** Copies the sources to a folder below next-web, where Node finds the dependencies. A development server writes into it. */
function copySources(): string {
  const copy = join(folder, '.test/next-web-dev');
  rmSync(copy, { recursive: true, force: true });
  for (const name of ['app', 'components', 'lib', 'next-env.d.ts', 'package.json', 'proxy.ts'])
    cpSync(join(folder, name), join(copy, name), { recursive: true });
  cpSync(join(folder, 'next.config.ts'), join(copy, 'application.config.ts'));
  writeFileSync(join(copy, 'next.config.ts'), developmentConfig);
  writeFileSync(
    join(copy, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts', '**/*.tsx'] }),
  );
  return copy;
}

/** Tests advance the clock by days: the server does not discard routes. The tools of Next are not part of the page. */
const developmentConfig = `import config from './application.config';
export default {
  ...config,
  devIndicators: false,
  onDemandEntries: { maxInactiveAge: 2 ** 40, pagesBufferLength: 100 },
};
`;

export async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit', { signal: AbortSignal.timeout(60_000) });
  server.kill('SIGTERM');
  try {
    await exit;
  } catch (cause) {
    server.kill('SIGKILL');
    throw new Error('The process did not exit on SIGTERM.', { cause });
  }
}

/** Copies the build and removes the proxy from its list of functions. */
function copyWithoutProxy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'next-web-'));
  const isCache = (source: string) => /[\\/]\.next[\\/]cache/.test(source);
  cpSync(join(folder, '.next'), join(copy, '.next'), {
    recursive: true,
    filter: (source) => !isCache(source),
  });
  for (const name of ['next.config.ts', 'package.json']) cpSync(join(folder, name), join(copy, name));
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'));
  const functions = join(copy, '.next/server/functions-config-manifest.json');
  writeFileSync(functions, JSON.stringify({ version: 1, functions: {} }));
  return copy;
}
