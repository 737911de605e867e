import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { isGroupAlive, listPackageManagers, signalGroup } from './process-group.ts';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface Command {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunOptions {
  /** Called with each line of output, without colors. */
  readonly onLine?: (line: string) => void;
  /** Also prints the output while the command runs. Default: false. */
  readonly stream?: boolean;
}

export interface RunResult {
  readonly code: number;
  readonly output: string;
  readonly stdout: string;
}

export interface Service {
  readonly name: string;
  /** Resolves when the process ends, with a sentence that describes how. */
  readonly ended: Promise<string>;
  /** The last lines of its output. */
  tail(lines?: number): string;
  /** Ends the process and its descendants: SIGTERM first, SIGKILL after `patience` milliseconds (4,000). */
  stop(patience?: number): Promise<void>;
}

/** The running process groups. Each child leads a group, so that its descendants can be stopped with it. */
const groups = new Set<number>();

const quiet = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  NG_CLI_ANALYTICS: 'false',
  // Dependencies are installed before the scripts run.
  pnpm_config_verify_deps_before_run: 'false',
};

function launch({ command, args = [], cwd = root, env = {} }: Command): ChildProcess {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...quiet, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid !== undefined) {
    groups.add(pid);
    // The group stays registered while any other process of it runs.
    child.once('exit', () => {
      if (!isGroupAlive(pid)) groups.delete(pid);
    });
  }
  return child;
}

function eachLine(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(stripVTControlCharacters(line));
    });
    stream?.on('end', () => {
      if (rest !== '') onLine(stripVTControlCharacters(rest));
    });
  }
}

/** Runs a command until it exits. Never throws: the code is 127 if the command cannot be started. */
export function run(command: Command, options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = launch(command);
    const output: string[] = [];
    const stdout: string[] = [];
    child.stdout?.on('data', (chunk: Buffer | string) => stdout.push(chunk.toString()));
    eachLine(child, (line) => {
      output.push(line);
      options.onLine?.(line);
    });
    if (options.stream) {
      child.stdout?.on('data', (chunk) => process.stdout.write(chunk));
      child.stderr?.on('data', (chunk) => process.stdout.write(chunk));
    }
    child.once('error', (error) => resolve({ code: 127, output: error.message, stdout: '' }));
    child.once('close', (code) =>
      resolve({ code: code ?? 1, output: output.join('\n').trim(), stdout: stdout.join('') }),
    );
  });
}

/** Starts a process that runs until `stopAll`. */
export function startService(name: string, command: Command): Service {
  const child = launch(command);
  const output: string[] = [];
  eachLine(child, (line) => {
    output.push(line);
    if (output.length > 200) output.shift();
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`${name} ended with ${signal ?? `exit code ${code}`}`));
  });
  return {
    name,
    ended,
    tail: (lines = 15) =>
      output
        .filter((line) => line.trim() !== '')
        .slice(-lines)
        .join('\n'),
    stop: (patience) => stopGroups(child.pid === undefined ? [] : [child.pid], patience),
  };
}

/** Stops every started process and its descendants: SIGTERM first, SIGKILL after `patience` milliseconds. */
export async function stopAll(patience?: number): Promise<void> {
  await stopGroups([...groups], patience);
  killAll();
}

async function stopGroups(stopped: readonly number[], patience = 4000): Promise<void> {
  const until = Date.now() + patience;
  for (const group of stopped) signalGroup(group, 'SIGTERM');
  while (Date.now() < until && stopped.some(isGroupAlive)) await delay(50);
  for (const group of stopped) {
    signalGroup(group, 'SIGKILL');
    groups.delete(group);
  }
}

/** Sends SIGKILL to every started process and its descendants. */
export function killAll(): void {
  for (const group of groups) signalGroup(group, 'SIGKILL');
  groups.clear();
}

/** Calls `stop` once when the terminal, a supervisor or the parent process ends this process. */
export function onTermination(stop: (code: number) => void): void {
  let stopping = false;
  const once = (code: number) => {
    if (stopping) return;
    stopping = true;
    stop(code);
  };
  process.on('SIGINT', () => once(130));
  process.on('SIGTERM', () => once(143));
  process.on('SIGHUP', () => once(129));
  process.on('exit', killAll);
  // A package manager that is killed does not forward the signal.
  const managers = listPackageManagers();
  setInterval(() => {
    if (listPackageManagers() !== managers) once(143);
  }, 1000).unref();
}
