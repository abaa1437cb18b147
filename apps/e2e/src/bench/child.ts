import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a measured process has used since its start. */
export interface Usage {
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** A measured process of its own, so that the load takes no time from it. */
export class Child<Ready> {
  private constructor(
    private readonly child: ChildProcess,
    readonly ready: Ready,
  ) {}

  /**
   * Forks a file beside this one; it calls `serveParent`.
   *
   * @param execArgv flags of Node, such as `--cpu-prof`
   */
  static async start<Ready>(
    file: string,
    args: readonly string[],
    execArgv: readonly string[] = [],
  ): Promise<Child<Ready>> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      execArgv: ['--disable-warning=DeprecationWarning', ...execArgv],
    });
    const [first] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`${file} ended with ${code} before it served`))),
    ])) as [Ready];
    return new Child(child, first);
  }

  /** Asks the process one of its questions. */
  async ask<Answer>(question: string): Promise<Answer> {
    const answered = once(this.child, 'message');
    this.child.send(question);
    const [answer] = (await answered) as [Answer];
    return answer;
  }

  usage(): Promise<Usage> {
    return this.ask('usage');
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.send('stop');
    await ended;
  }
}

/** The other side: says what is ready, answers questions one at a time, and ends when told so or when the parent is gone. */
export function serveParent(
  ready: object,
  answers: Readonly<Record<string, () => Promise<unknown>>>,
  stop: () => Promise<void>,
): void {
  const end = () => void stop().finally(() => process.exit());
  process.on('disconnect', end);
  process.on('message', (question: string) => {
    if (question === 'stop') return end();
    const answer = question === 'usage' ? usage : answers[question];
    void answer?.().then((value) => process.send?.(value as object));
  });
  process.send?.(ready);
}

async function usage(): Promise<Usage> {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 };
}
