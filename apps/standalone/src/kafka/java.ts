import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const OLDEST_JAVA = 17;

/** What ended with another code than 0 says why here. */
interface Failure {
  readonly code?: string | number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/**
 * The Java that runs the broker: JAVA_HOME's, or that of the path.
 *
 * @throws Error in one line that says what to install
 */
export async function findJava(): Promise<string> {
  const { JAVA_HOME } = process.env;
  const java = JAVA_HOME ? join(JAVA_HOME, 'bin/java') : 'java';
  const remedy = `install a JDK of version ${OLDEST_JAVA} or newer (Debian: openjdk-17-jre-headless), or set JAVA_HOME`;
  const { stderr } = await runTool(java, ['-version'], `Kafka needs Java, and ${java} is not there: ${remedy}.`);
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(stderr) ?? [];
  const version = Number(first === '1' ? second : first); // Java 8 called itself 1.8
  if (version >= OLDEST_JAVA) return java;
  throw new Error(
    `Kafka needs Java ${OLDEST_JAVA} or newer, and ${java} is version ${version || 'unknown'}: ${remedy}.`,
  );
}

/**
 * Runs a program to its end.
 *
 * @param absent what to say when there is no such program
 * @throws Error in one line: `absent`, or what the program complained about
 */
export async function runTool(
  program: string,
  args: readonly string[],
  absent: string,
  cwd?: string,
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await promisify(execFile)(program, [...args], { cwd, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as Failure;
    if (code === 'ENOENT' || code === 'EACCES') throw new Error(absent, { cause: error });
    const said = `${stdout}\n${stderr}`.split('\n').filter((line) => /\S/.test(line));
    const complaint = said.find((line) => /error|exception/i.test(line)) ?? said.at(-1) ?? `it ended with ${code}`;
    throw new Error(`${program} failed: ${complaint.trim()}`, { cause: error });
  }
}
