import { parseArgs } from 'node:util';
import type { AuthEvent } from '@countersign/core';
import { call } from './commands/call.ts';
import { deviceLogin } from './commands/device-login.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { refresh } from './commands/refresh.ts';
import { whoami } from './commands/whoami.ts';
import { readConfig } from './config.ts';
import { describeError } from './describe-error.ts';
import { exitCode, UsageError } from './exit.ts';
import { commands, help } from './help.ts';
import { createOutput, type Output } from './output.ts';
import { createSession } from './session.ts';

/** The environment of the program, which tests replace. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
  /** Waits between two polls of a device login. Default: a timer. */
  readonly wait?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  verbose: { type: 'boolean', short: 'v', default: false },
  'no-browser': { type: 'boolean', default: false },
  device: { type: 'boolean', default: false },
  port: { type: 'string', default: '0' },
  timeout: { type: 'string', default: '300' },
  method: { type: 'string', short: 'X' },
  data: { type: 'string', short: 'd' },
} as const;

/** Runs one command and returns its exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const json = args.includes('--json');
  const output = createOutput(json, context);
  try {
    return await run(args, context, output);
  } catch (error) {
    const { code, message, exitCode: status } = describeError(error);
    output.note(json ? JSON.stringify({ error: { code, message } }) : message);
    return status;
  }
}

async function run(
  args: readonly string[],
  { env, now = Date.now, openBrowser, signal, stdout, wait }: CliContext,
  output: Output,
): Promise<number> {
  const { values, positionals } = parseCommandLine(args);
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') {
    stdout(help);
    return command === undefined && !values.help ? exitCode.usage : exitCode.success;
  }
  if (!(command in commands)) throw new UsageError(describeUnknownCommand(command));
  if (rest.length > (command === 'call' ? 1 : 0))
    throw new UsageError(`Unexpected argument "${rest.at(-1)}".`);
  const onEvent = (event: AuthEvent) => {
    if (values.verbose) output.note(`· ${event.type}`);
  };
  const session = createSession(readConfig(env), { now, onEvent });
  const status = await dispatch(command);
  return status >= 400 || (status >= 300 && status < 400) ? exitCode.apiRejected : exitCode.success;

  async function dispatch(name: string): Promise<number> {
    switch (name) {
      case 'login': {
        const timeout = Number(values.timeout);
        if (!(timeout > 0 && timeout <= 3600))
          throw new UsageError('--timeout must be between 1 and 3600 seconds.');
        const port = Number(values.port);
        if (!Number.isInteger(port) || port < 0 || port > 65_535)
          throw new UsageError('--port must be between 0 and 65535.');
        const browser = !values['no-browser'];
        if (values.device) await deviceLogin(session, output, { timeout, signal, wait });
        else await login(session, output, { browser, port, timeout, openBrowser, signal });
        return 0;
      }
      case 'whoami':
        await whoami(session, output);
        return 0;
      case 'refresh':
        await refresh(session, output);
        return 0;
      case 'logout':
        await logout(session, output);
        return 0;
      default:
        return call(session, output, rest[0] ?? '/items', {
          method: values.method,
          data: values.data,
          signal,
        });
    }
  }
}

function parseCommandLine(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} Run with --help to list all options.`);
  }
}

function describeUnknownCommand(command: string): string {
  const names = Object.keys(commands);
  const similar = names.find((name) => name.startsWith(command.slice(0, 3)) && command.length > 2);
  const hint = similar ? ` Did you mean "${similar}"?` : '';
  return `Unknown command "${command}".${hint} The commands are ${names.join(', ')}.`;
}
