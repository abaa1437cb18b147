import { readdirSync, readFileSync } from 'node:fs';

/**
 * Memory of a process and all that it started, in MB: proportional set size, which counts a page that several share once. Linux only.
 *
 * @throws Error where the kernel does not tell
 */
export function proportionalMb(pid: number): number {
  const parents = parentsByPid();
  const family = [...parents.keys()].filter((candidate) => descends(candidate, pid, parents));
  const kilobytes = family.map((member) => {
    const [, value] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${member}/smaps_rollup`, 'utf8')) ?? [];
    return Number(value ?? 0);
  });
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1024;
}

function parentsByPid(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  return parents;
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    // It ended between the two looks.
    return undefined;
  }
}

function descends(pid: number, from: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) if (at === from) return true;
  return false;
}
