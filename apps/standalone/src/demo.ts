import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { linksText, toJson, toText } from './demo/report.js';
import { ApiProblem } from './demo/rest-api.js';
import { readInput, runDemo, WrongResult } from './demo/run-demo.js';
import { findRunning, startScratch, type SystemForDemo } from './demo/system-for-demo.js';

const USAGE = 'npm run demo -- [FILE] [--json]     FILE is a LEDES 1998B file; without one, a month of our own making';
const OWN_FILE = new URL('./demo/september.ledes.txt', import.meta.url);

let system: Promise<SystemForDemo> | undefined;
let isInterrupted = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    void stopSystem().finally(() => process.exit(130));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = isInterrupted ? 130 : 1;
  if (!isInterrupted) for (const line of explained(error)) console.error(line);
}
await stopSystem();
// Connections that are kept open for a next request must not keep the process.
process.exit();

/** A system that is still starting is stopped as soon as it has started, so that nothing of it stays behind. */
async function stopSystem(): Promise<void> {
  const running = await system?.catch(() => undefined);
  await running?.stop();
}

async function main(): Promise<number> {
  const { path, json } = parsedArgs();
  const input = readInput(fileBytes(path ?? OWN_FILE));
  system = findOrStart(process.env.PARADESK_DATA ?? '.data/standalone');
  const { file, isScratch } = await system;
  const { outcome, problems } = await runDemo(file, input);
  const links = isScratch
    ? 'The scratch system ends here. Run npm start first to look at the mails, PDFs and LEDES files.'
    : linksText(outcome.invoices);
  if (json) console.log(toJson(outcome));
  else console.log(`\n${path ? basename(path) : "A paralegal company's month"}\n\n${toText(outcome)}\n\n${links}`);
  for (const problem of problems) console.error(problem);
  return problems.length > 0 ? 1 : 0;
}

async function findOrStart(folder: string): Promise<SystemForDemo> {
  const running = await findRunning(folder);
  if (running) return running;
  console.error(
    'No running system (npm start); this demo starts one in a scratch folder, which is removed afterwards.',
  );
  return startScratch();
}

function parsedArgs(): { path: string | undefined; json: boolean } {
  try {
    const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
    if (positionals.length > 1) throw new Error('one file at a time');
    return { path: positionals[0], json: values.json ?? false };
  } catch (error) {
    throw new WrongResult([(error as Error).message, USAGE]);
  }
}

function fileBytes(path: string | URL): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new WrongResult([`cannot read ${String(path)}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`]);
  }
}

function explained(error: unknown): readonly string[] {
  if (error instanceof WrongResult) return error.problems;
  if (error instanceof ApiProblem) return error.toLines();
  return [error instanceof Error ? error.message : String(error)];
}
