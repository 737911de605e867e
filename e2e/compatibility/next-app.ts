import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LoggedRequest, type RunningProvider, startProvider } from 'identity-provider';
import { findFreePort } from '../../scripts/lib/processes/ports.ts';
import { type HttpBrowser, openHttpBrowser } from '../support/http-browser.ts';
import { end } from '../support/servers/apps/next-web.ts';

/** A running application, its provider, and a browser. */
export interface NextApp extends HttpBrowser {
  readonly origin: string;
  readonly port: number;
  readonly provider: RunningProvider;
  readonly log: readonly LoggedRequest[];
  /** Returns the output of the server. */
  readonly output: () => string;
  /**
   * Waits until the output from this position on matches, and returns it. A log line can arrive later than the response.
   */
  readonly waitForOutput: (pattern: RegExp, since?: number) => Promise<string>;
  /** Creates a browser without cookies that sends this `Host` header. */
  readonly open: (host?: string) => HttpBrowser;
  readonly stop: () => Promise<void>;
}

export interface NextAppOptions {
  readonly basePath: string;
  /** Paths below the base path that are registered at the provider. */
  readonly callbacks: readonly string[];
  /** The path below the base path to which the provider sends logout tokens. Default: none. */
  readonly backchannelLogout?: string;
  /** Lifetime in seconds. Default: 6. */
  readonly accessTokenLifetime?: number;
  /** A custom server. Default: `next start`. */
  readonly server?: string;
  /** Runs `next dev` with these arguments. Default: the built application runs. */
  readonly dev?: readonly string[];
  /** Additional environment variables, which override the defaults. */
  readonly environment?: (app: {
    readonly port: number;
  }) => Record<string, string> | Promise<Record<string, string>>;
}

export async function startNextApp(folder: string, options: NextAppOptions): Promise<NextApp> {
  const {
    basePath,
    callbacks,
    backchannelLogout,
    accessTokenLifetime = 6,
    server: customServer,
    dev,
  } = options;
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const log: LoggedRequest[] = [];
  const provider = await startProvider({
    clients: [
      {
        ...webClient(callbacks.map((path) => origin + basePath + path)),
        ...(backchannelLogout !== undefined && {
          backchannel_logout_uri: origin + basePath + backchannelLogout,
          backchannel_logout_session_required: true,
        }),
      },
    ],
    accessTokenLifetime,
    requestLog: (logged) => log.push(logged),
  });
  const args = customServer
    ? [customServer]
    : [
        join(folder, 'node_modules/next/dist/bin/next'),
        ...(dev ? ['dev', ...dev] : ['start']),
        '-p',
        String(port),
      ];
  const server = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      ...process.env,
      NODE_ENV: dev ? 'development' : 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      PORT: String(port),
      AUTH_ISSUER: provider.issuer,
      AUTH_CLIENT_ID: 'web',
      AUTH_CLIENT_SECRET: 'web-demo-secret',
      AUTH_SECRET: randomBytes(32).toString('base64'),
      AUTH_BASE_URL: origin + basePath,
      ...(await options.environment?.({ port })),
    },
  });
  let output = '';
  const writes = new EventEmitter();
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      writes.emit('write');
    });
  }
  const waitForOutput = async (pattern: RegExp, since = 0) => {
    const signal = AbortSignal.timeout(30_000);
    while (!pattern.test(output.slice(since)))
      await once(writes, 'write', { signal }).catch(() => assert.match(output.slice(since), pattern));
    return output.slice(since);
  };
  const stop = async () => {
    await end(server);
    await provider.close();
  };
  const open = (host?: string) => openHttpBrowser(origin, host);
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) break;
    if ((await fetch(origin + basePath).catch(() => undefined))?.ok)
      return { origin, port, provider, log, output: () => output, waitForOutput, open, stop, ...open() };
    await delay(100);
  }
  await stop();
  throw new Error(`The application did not respond:\n${output}`);
}

/** The client metadata of the application. */
export function webClient(redirectUris: readonly string[]) {
  const homes = new Set(
    redirectUris.map((uri) => uri.replace(/\/(?:api|tenant|memory)?\/?auth\/callback$/, '')),
  );
  return {
    client_id: 'web',
    client_secret: 'web-demo-secret',
    redirect_uris: [...redirectUris],
    post_logout_redirect_uris: [...homes].map((home) => `${home}/`),
    grant_types: ['authorization_code', 'refresh_token'],
  };
}
