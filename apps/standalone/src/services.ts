import { startProcesses, type RunningProcesses } from './processes/start-processes.js';

const folder = process.env.PARADESK_DATA ?? '.data/services';
const port = Number(process.env.PORT ?? 8080);
if (!Number.isInteger(port) || port < 0 || port > 65_534) {
  console.error('PORT takes a whole number from 0 to 65534.');
  process.exit(1);
}

let starting: Promise<RunningProcesses> | undefined;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // What is still starting is stopped when it has started, so that nothing of it stays behind.
    void Promise.resolve(starting)
      .then((system) => system?.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  });
}

try {
  starting = startProcesses({
    folder,
    port,
    brokers: process.env.KAFKA_BROKERS ?? '127.0.0.1:9092',
    logLevel: process.env.LOG_LEVEL ?? 'warn',
  });
  console.log(welcome(await starting));
} catch (error) {
  console.error(`Paradesk cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

function welcome({ file, processes }: RunningProcesses): string {
  const rows = processes.map(
    ({ name, pid, opsUrl }) => `  ${name.padEnd(16)} process ${pid}, health and metrics ${opsUrl}`,
  );
  return `
Paradesk is running, each service in a process of its own.

  API              ${file.api}
  Reference        ${file.docs}
  Sign in          ${file.signIn}
  Mail             ${file.mail}
  Keys             ${folder}/standalone.json

${rows.join('\n')}

Try    PARADESK_DATA=${folder} npm run demo     in another terminal.
Stop   Ctrl-C
`;
}
