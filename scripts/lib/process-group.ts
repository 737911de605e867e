import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to every process of a group; false when there is none. */
export function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether anything in the group still runs. A process that has ended but that nobody has waited for
 * (usual in containers, where process 1 adopts orphans and ignores them) does not count.
 */
export function isGroupAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && runsIn(group, entry));
}

function runsIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces: state, parent and group follow its end.
    const [state, , owner] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(owner) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** The package managers (npx, pnpm) that run this process, with the shells between, as a list of process ids. */
export function packageManagers(): string {
  const chain: number[] = [];
  let found = 0;
  let pid = process.ppid;
  try {
    while (pid > 1) {
      chain.push(pid);
      if (/^(npm|npx|pnpm)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))) found = chain.length;
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    }
  } catch {
    // Not Linux, or an ancestor has just ended: what was found so far is the answer.
  }
  return chain.slice(0, found).join(' ');
}
