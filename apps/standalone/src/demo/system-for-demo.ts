import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem, type StandaloneFile } from '../system.js';

/** The system that the demo runs on. */
export interface SystemForDemo {
  readonly file: StandaloneFile;
  /** Whether it goes away with the demo. */
  readonly isScratch: boolean;
  stop(): Promise<void>;
}

/** The system that keeps its data in `folder`; undefined where none runs. */
export async function findRunning(folder: string): Promise<SystemForDemo | undefined> {
  try {
    const file = JSON.parse(readFileSync(join(folder, 'standalone.json'), 'utf8')) as StandaloneFile;
    const { ok } = await fetch(file.openapi, { signal: AbortSignal.timeout(5000) });
    return ok ? { file, isScratch: false, stop: async () => undefined } : undefined;
  } catch {
    // The file stays when a system ends; what counts is whether it answers.
    return undefined;
  }
}

/** A system in a folder of its own, which is removed when it stops. */
export async function startScratch(): Promise<SystemForDemo> {
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-demo-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const system = await startSystem({ folder, port: 0, logLevel: 'fatal' });
    let stopped: Promise<void> | undefined;
    // Asked twice, by a signal and by the end of the demo, both wait for the one stop.
    const stop = () => (stopped ??= system.stop().finally(remove));
    return { file: system.file, isScratch: true, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
