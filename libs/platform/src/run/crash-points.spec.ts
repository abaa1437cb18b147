import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { armedCrash, crashPoint, crashPoints, readCrash } from './crash-points.js';

// The built module: a process reads its environment once, when it loads it.
const module = pathToFileURL('libs/platform/dist/run/crash-points.js').href;

/** Passes points in a process of its own. */
function pass(points: readonly string[], crashAt: string | undefined) {
  const calls = points.map((point) => `console.log('${point}'); crashPoint('${point}');`).join('');
  const script = `import { crashPoint } from '${module}'; ${calls}`;
  const { PARADESK_CRASH_AT: _, ...env } = process.env;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { ...env, ...(crashAt !== undefined && { PARADESK_CRASH_AT: crashAt }) },
  });
}

describe('a crash point', () => {
  it('does nothing in a process that is not armed', () => {
    expect(armedCrash()).toBeUndefined();
    for (const point of crashPoints) crashPoint(point);
    expect(pass(['relay.after-publish', 'inbox.after-commit'], undefined)).toMatchObject({ status: 0, signal: null });
  });

  it('kills the process that is armed for it, and lets it pass others', () => {
    const { signal, stdout } = pass(
      ['inbox.after-commit', 'relay.after-publish', 'jobs.after-handle'],
      'relay.after-publish',
    );
    expect(signal).toBe('SIGKILL');
    expect(stdout).toBe('inbox.after-commit\nrelay.after-publish\n');
  });

  it('waits for the pass that it is armed for', () => {
    const { signal, stdout } = pass(['relay.after-mark', 'relay.after-mark', 'relay.after-mark'], 'relay.after-mark:2');
    expect(signal).toBe('SIGKILL');
    expect(stdout).toBe('relay.after-mark\nrelay.after-mark\n');
  });

  it.each(['relay.after-lunch', 'relay.after-mark:0', 'relay.after-mark:1:2', 'relay.after-mark:x'])(
    'refuses %s, which names none, so that no fault passes for survived that never came',
    (given) => {
      expect(() => readCrash(given)).toThrow(
        /^PARADESK_CRASH_AT takes <point> or <point>:<pass>; points are command\./,
      );
      expect(pass(['relay.after-mark'], given).status).toBe(1);
    },
  );

  it('is not armed by an empty variable', () => {
    expect(readCrash('')).toBeUndefined();
    expect(readCrash(undefined)).toBeUndefined();
  });
});
