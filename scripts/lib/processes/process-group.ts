import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to every process of a group. Returns false if the group has no processes. */
export function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a process of the group still runs. Zombies do not count: in containers, process 1 often does not
 * wait for orphans.
 */
export function isGroupAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && isRunningIn(group, entry));
}

function isRunningIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, can contain spaces. State, parent and group follow it.
    const [state, , owner] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(owner) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** Lists the ids of the package managers (npx, pnpm) that run this process, and of the shells between them. */
export function listPackageManagers(): string {
  const chain: number[] = [];
  let count = 0;
  let pid = process.ppid;
  try {
    while (pid > 1) {
      chain.push(pid);
      if (/^(npm|npx|pnpm)/.test(readFileSync(`/proc/${pid}/comm`, 'utf8'))) count = chain.length;
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    }
  } catch {
    // Not Linux, or an ancestor has just ended: the list so far is the result.
  }
  return chain.slice(0, count).join(' ');
}
