import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '../processes/process.ts';

export interface SystemProgram {
  readonly title: string;
  readonly commands: readonly string[];
  /** Folders that are searched before the `PATH`. */
  readonly folders?: readonly string[];
  /** Debian packages that contain it, preferred first. */
  readonly packages: readonly string[];
  /** The environment variable with its path. The tests read it too. */
  readonly variable: string;
  /** Tests use it if it is available. Older Debian releases do not contain it. Default: false. */
  readonly optional?: boolean;
  /** In a workflow (`CI`), its absence fails the step `programs` if apt offers it. Default: false. */
  readonly requiredInWorkflows?: boolean;
  /** Available in the backports of Debian releases that do not contain it. Default: false. */
  readonly backported?: boolean;
}

export const chromium: SystemProgram = {
  title: 'Chromium',
  commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  packages: ['chromium'],
  variable: 'CHROMIUM_PATH',
};

export const firefox: SystemProgram = {
  title: 'Firefox',
  commands: ['firefox-esr', 'firefox'],
  packages: ['firefox-esr'],
  variable: 'FIREFOX_PATH',
};

export const redis: SystemProgram = {
  title: 'Redis (or Valkey)',
  commands: ['redis-server', 'valkey-server'],
  packages: ['redis-server', 'valkey-server'],
  variable: 'REDIS_SERVER_PATH',
};

/** The tests of the Redis stores also run against Valkey. */
export const valkey: SystemProgram = {
  title: 'Valkey',
  commands: ['valkey-server'],
  packages: ['valkey-server'],
  variable: 'VALKEY_SERVER_PATH',
  optional: true,
  backported: true,
};

/** Transport in the tests of microservices. */
export const nats: SystemProgram = {
  title: 'NATS',
  commands: ['nats-server'],
  packages: ['nats-server'],
  variable: 'NATS_SERVER_PATH',
  optional: true,
  requiredInWorkflows: true,
};

/** MQTT transport in the tests of microservices. */
export const mosquitto: SystemProgram = {
  title: 'Mosquitto',
  commands: ['mosquitto'],
  packages: ['mosquitto'],
  variable: 'MOSQUITTO_PATH',
  optional: true,
  requiredInWorkflows: true,
};

/** AMQP transport in the tests of microservices. Debian's command changes the user; the program in `folders` does not. */
export const rabbitmq: SystemProgram = {
  title: 'RabbitMQ',
  commands: ['rabbitmq-server'],
  folders: ['/usr/lib/rabbitmq/bin'],
  packages: ['rabbitmq-server'],
  variable: 'RABBITMQ_SERVER_PATH',
  optional: true,
  requiredInWorkflows: true,
};

/** A shared cache, for the tests that no user receives the page of another user. */
export const nginx: SystemProgram = {
  title: 'nginx',
  commands: ['nginx'],
  packages: ['nginx-light', 'nginx'],
  variable: 'NGINX_PATH',
};

/** Debian keeps the program of each version in a folder of its own. */
export const postgresql: SystemProgram = {
  title: 'PostgreSQL',
  commands: ['postgres'],
  folders: [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`),
  packages: ['postgresql'],
  variable: 'POSTGRES_PATH',
};

export const mariadb: SystemProgram = {
  title: 'MariaDB',
  commands: ['mariadbd', 'mysqld'],
  packages: ['mariadb-server'],
  variable: 'MARIADB_PATH',
};

export function findProgram({
  commands,
  folders: preferredFolders = [],
  variable,
}: SystemProgram): string | undefined {
  const named = process.env[variable];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : undefined;
  const folders = [
    ...preferredFolders,
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/bin',
    '/usr/local/bin',
    '/usr/sbin',
  ];
  for (const command of commands) {
    for (const folder of folders) {
      if (folder !== '' && isExecutable(join(folder, command))) return join(folder, command);
    }
  }
  return undefined;
}

/**
 * Finds the programs. As root on Debian, installs those that are missing.
 *
 * @returns The path of each program, and what to install if a required one is missing.
 */
export async function providePrograms(
  programs: readonly SystemProgram[],
  update: (detail: string) => void,
): Promise<{ readonly found: Readonly<Record<string, string>>; readonly problem?: string }> {
  const paths: Record<string, string> = {};
  let updated = false;
  for (const program of programs) {
    let path = findProgram(program);
    if (path === undefined && canInstall()) {
      if (!updated) {
        update('apt-get update');
        await apt(['update', '-q']);
        updated = true;
      }
      path = await installProgram(program, update);
      if (path === undefined && program.backported) {
        path = await withBackports(async (options) => {
          update('apt-get update, with backports');
          await apt([...options, 'update', '-q']);
          return installProgram(program, update, options);
        });
      }
    }
    if (path !== undefined) paths[program.variable] = path;
  }
  const missing = programs.filter(({ variable, optional }) => !optional && paths[variable] === undefined);
  if (missing.length === 0) return { found: paths };
  const names = missing.map(({ title }) => title).join(' and ');
  const install = missing.map(({ packages }) => packages[0]).join(' ');
  const variables = missing.map(({ variable }) => variable).join(' and ');
  return {
    found: paths,
    problem: `Install ${names} (on Debian: apt-get install ${install}), or set ${variables} to its path.`,
  };
}

async function installProgram(
  program: SystemProgram,
  update: (detail: string) => void,
  options: readonly string[] = [],
): Promise<string | undefined> {
  for (const name of program.packages) {
    update(`apt-get install ${name}`);
    await apt([...options, 'install', '-y', '-q', '--no-install-recommends', name]);
    const path = findProgram(program);
    if (path !== undefined) return path;
  }
  return undefined;
}

/** Runs apt with the backports of the machine's mirror, without changing the machine's list of sources. */
async function withBackports<T>(work: (options: readonly string[]) => Promise<T>): Promise<T | undefined> {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const { output } = await apt([
    'indextargets',
    '--format',
    '$(CODENAME) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const mirror = output
    .split('\n')
    .find((line) => line.startsWith(`${release} `))
    ?.split(' ')[1];
  if (mirror === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'backports-'));
  try {
    const list = join(directory, 'backports.list');
    writeFileSync(list, `deb ${mirror} ${release}-backports main\n`);
    return await work(['-o', `Dir::Etc::SourceList=${list}`]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whether a workflow runs the tests: they must then not leave out what can be installed. */
export const isWorkflow = (): boolean => ['1', 'true'].includes(process.env.CI ?? '');

/** Finds the programs that are missing although apt offers them. Empty outside workflows. */
export async function findMissingInWorkflow(
  programs: readonly SystemProgram[],
  isFound: (program: SystemProgram) => boolean,
): Promise<readonly SystemProgram[]> {
  if (!isWorkflow()) return [];
  const missing = programs.filter((program) => program.requiredInWorkflows && !isFound(program));
  const offered = await Promise.all(missing.map(isOffered));
  return missing.filter((_, index) => offered[index]);
}

/** Whether a package of the program is in the lists of apt. False without apt. */
async function isOffered({ packages }: SystemProgram): Promise<boolean> {
  for (const name of packages) {
    const { code } = await run({ command: 'apt-cache', args: ['show', name] }).catch(() => ({ code: 1 }));
    if (code === 0) return true;
  }
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function canInstall(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/etc/os-release') || !existsSync('/usr/bin/apt-get'))
    return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

const apt = (args: readonly string[]) =>
  run({ command: 'apt-get', args, env: { DEBIAN_FRONTEND: 'noninteractive' } });
