import { spawnSync } from 'node:child_process';

let hasSetpriv: boolean | undefined;

/** The command that runs a program so that it ends with this process even when that is killed; where there is setpriv, on Linux. */
export function leashed(program: string, args: readonly string[]): [program: string, args: string[]] {
  hasSetpriv ??= spawnSync('setpriv', ['--version']).status === 0;
  return hasSetpriv ? ['setpriv', ['--pdeathsig', 'TERM', program, ...args]] : [program, [...args]];
}
