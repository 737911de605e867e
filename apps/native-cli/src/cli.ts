import { parseArgs } from 'node:util';
import type { AuthEvent } from '@countersign/core';
import { call } from './commands/call.ts';
import { login } from './commands/login.ts';
import { logout } from './commands/logout.ts';
import { refresh } from './commands/refresh.ts';
import { whoami } from './commands/whoami.ts';
import { readConfig } from './config.ts';
import { describeError } from './describe-error.ts';
import { exitCode, UsageError } from './exit.ts';
import { commands, help } from './help.ts';
import { createOutput, type Output } from './output.ts';
import { openSession, type Session } from './session.ts';

/** Everything outside of the program, so that a test can stand in for it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

const options = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  verbose: { type: 'boolean', short: 'v', default: false },
  'no-browser': { type: 'boolean', default: false },
  timeout: { type: 'string', default: '300' },
  method: { type: 'string', short: 'X' },
  data: { type: 'string', short: 'd' },
} as const;

/** Runs one command and returns the exit code. */
export async function runCli(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const json = args.includes('--json');
  const output = createOutput(json, surroundings);
  try {
    return await run(args, surroundings, output);
  } catch (error) {
    const { code, message, exitCode: status } = describeError(error);
    output.note(json ? JSON.stringify({ error: { code, message } }) : message);
    return status;
  }
}

async function run(
  args: readonly string[],
  { env, now = Date.now, openBrowser, signal, stdout }: Surroundings,
  output: Output,
): Promise<number> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help || command === undefined || command === 'help') {
    stdout(help);
    return command === undefined && !values.help ? exitCode.usage : exitCode.success;
  }
  if (!(command in commands)) throw new UsageError(unknownCommand(command));
  if (rest.length > (command === 'call' ? 1 : 0))
    throw new UsageError(`"${rest.at(-1)}" is one word too many.`);
  const onEvent = (event: AuthEvent) => {
    if (values.verbose) output.note(`· ${event.type}`);
  };
  const session = openSession(readConfig(env), { now, onEvent });
  const status = await dispatch(command, session);
  return status >= 400 || (status >= 300 && status < 400) ? exitCode.apiRefused : exitCode.success;

  async function dispatch(name: string, opened: Session): Promise<number> {
    switch (name) {
      case 'login': {
        const timeout = Number(values.timeout);
        if (!(timeout > 0 && timeout <= 3600)) throw new UsageError('--timeout must be 1 to 3600 seconds.');
        await login(opened, output, { browser: !values['no-browser'], timeout, openBrowser, signal });
        return 0;
      }
      case 'whoami':
        await whoami(opened, output);
        return 0;
      case 'refresh':
        await refresh(opened, output);
        return 0;
      case 'logout':
        await logout(opened, output);
        return 0;
      default:
        return call(opened, output, rest[0] ?? '/items', {
          method: values.method,
          data: values.data,
          signal,
        });
    }
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} Run with --help to see every option.`);
  }
}

function unknownCommand(command: string): string {
  const names = Object.keys(commands);
  const near = names.find((name) => name.startsWith(command.slice(0, 3)) && command.length > 2);
  const hint = near ? ` Did you mean "${near}"?` : '';
  return `There is no command "${command}".${hint} The commands are ${names.join(', ')}.`;
}
