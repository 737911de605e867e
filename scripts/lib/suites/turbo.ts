import { root, run } from '../processes/process.ts';

export interface TurboRun {
  readonly ok: boolean;
  /** Packages whose task ran. */
  readonly executed: readonly string[];
  /** Packages whose result came from the cache. */
  readonly cached: readonly string[];
  /** Packages whose task failed, with the output of each. */
  readonly failed: readonly { readonly name: string; readonly output: string }[];
  /** Errors and warnings of turbo itself. */
  readonly turboErrors: string;
}

export interface TurboOptions {
  readonly filters?: readonly string[];
  /** Continue with the tasks that do not depend on a failed one. Default: false. */
  readonly keepGoing?: boolean;
  /** Called with the packages that are probably in progress. */
  readonly onProgress?: (packages: readonly string[]) => void;
}

const concurrency = 2;

export async function runTurbo(task: string, options: TurboOptions = {}): Promise<TurboRun> {
  const executed: string[] = [];
  const cached: string[] = [];
  const output = new Map<string, string[]>();
  const failed = new Set<string>();
  const turboErrors: string[] = [];

  const onLine = (line: string) => {
    const entry = parse(line);
    if (entry === undefined) {
      if (line.trim() !== '') turboErrors.push(line);
      return;
    }
    if (entry.source === 'turbo') {
      const failure = /^\s*Failed:\s+(.+)$/.exec(entry.text);
      if (failure) for (const id of (failure[1] ?? '').split(/,\s*/)) failed.add(readPackageName(id));
      if (entry.level === 'error' || entry.level === 'warn') turboErrors.push(entry.text);
      return;
    }
    const name = readPackageName(entry.source);
    if (entry.text.startsWith('cache hit')) cached.push(name);
    else if (entry.text.startsWith('cache miss') || entry.text.startsWith('cache bypass')) {
      executed.push(name);
      options.onProgress?.(executed.slice(-concurrency));
    } else output.set(name, [...(output.get(name) ?? []), entry.text]);
  };

  const args = ['run', task, `--concurrency=${concurrency}`, '--json'];
  if (options.keepGoing) args.push('--continue=dependencies-successful');
  for (const filter of options.filters ?? []) args.push(`--filter=${filter}`);
  const { code } = await run({ command: 'turbo', args, cwd: root }, { onLine });

  return {
    ok: code === 0,
    executed,
    cached,
    failed: [...failed].map((name) => ({ name, output: (output.get(name) ?? []).join('\n').trim() })),
    turboErrors: turboErrors.join('\n'),
  };
}

const readPackageName = (id: string): string => id.replace(/#[^#]*$/, '').trim();

interface Entry {
  readonly source: string;
  readonly level: string;
  readonly text: string;
}

function parse(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Partial<Entry>;
    if (typeof entry.source !== 'string') return undefined;
    return { source: entry.source, level: entry.level ?? '', text: entry.text ?? '' };
  } catch {
    return undefined;
  }
}
