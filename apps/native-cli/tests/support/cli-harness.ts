import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenSet } from '@countersign/core';
import { type LoggedRequest, type RunningProvider, startProvider } from 'identity-provider';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { runCli } from '../../src/cli.ts';
import { logIn } from './log-in.ts';
import { startApi } from './test-api.ts';

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Record<string, string>;
  /** Called with the authorization URL instead of a browser. */
  readonly onUrl?: (url: string) => Promise<unknown>;
  /** Called with each text on standard output. */
  readonly onOutput?: (text: string) => void;
  /** Called instead of the timer between two polls of a device login. */
  readonly onWait?: () => Promise<unknown>;
}

/** Starts a provider and an API for the tests of a file, and creates a home directory for each test. */
export function createCliHarness() {
  const log: LoggedRequest[] = [];
  let provider: RunningProvider;
  let api: Awaited<ReturnType<typeof startApi>>;
  let home: string;
  let clockOffset: number;

  beforeAll(async () => {
    provider = await startProvider({ requestLog: (request) => log.push(request) });
    api = await startApi(provider.issuer);
  });
  afterAll(async () => {
    await api.close();
    await provider.close();
  });
  beforeEach(async () => {
    home = join(await mkdtemp(join(tmpdir(), 'native-cli-')), 'home');
    clockOffset = 0;
    log.length = 0;
  });
  afterEach(() => rm(join(home, '..'), { recursive: true, force: true }));

  const createEnvironment = (env: Record<string, string> = {}) => ({
    ISSUER: provider.issuer,
    API_URL: api.url,
    COUNTERSIGN_CLI_HOME: home,
    ...env,
  });

  /** Runs the program in this process. */
  async function run(
    args: string | readonly string[],
    { env, onUrl, onOutput, onWait }: RunOptions = {},
  ): Promise<Run> {
    let [stdout, stderr] = ['', ''];
    let user: Promise<unknown> = Promise.resolve();
    const code = await runCli(typeof args === 'string' ? args.split(' ') : args, {
      env: createEnvironment(env),
      stdout: (text) => {
        stdout += text;
        onOutput?.(text);
      },
      stderr: (text) => {
        stderr += text;
      },
      async openBrowser(url) {
        user = onUrl?.(url) ?? Promise.resolve();
        return onUrl !== undefined;
      },
      now: () => Date.now() + clockOffset,
      ...(onWait && { wait: async () => void (await onWait()) }),
    });
    await user;
    return { code, stdout, stderr };
  }

  const getTokenPath = () => join(home, 'tokens.json');
  return {
    run,
    createEnvironment,
    login: (user = 'alice', env: Record<string, string> = {}) =>
      run('login --json', { env, onUrl: (url) => logIn(url, user) }),
    log,
    getIssuer: () => provider.issuer,
    /** The access tokens that the API accepted. */
    getApiTokens: () => api.tokens,
    getHome: () => home,
    getTokenPath,
    readSavedTokens: async () => JSON.parse(await readFile(getTokenPath(), 'utf8')).tokens as TokenSet,
    findTokenRequests: (grant = 'refresh_token') =>
      log.filter(({ path, grant_type }) => path === '/token' && grant_type === grant),
    /** Sets the milliseconds by which the program's clock is ahead. */
    setClockOffset(milliseconds: number) {
      clockOffset = milliseconds;
    },
  };
}

export const parseOutput = ({ stdout }: Run) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
