import { startBroker, type Broker } from './broker.js';
import { KAFKA_VERSION } from './broker-jars.js';

const port = Number(process.env.KAFKA_PORT ?? 9092);
if (!Number.isInteger(port) || port < 1 || port > 65_534) fail('KAFKA_PORT takes a whole number from 1 to 65534.');
const folder = process.env.KAFKA_DATA ?? '.data/kafka';

let starting: Promise<Broker> | undefined;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    // One that is still starting is stopped when it has started, so that its folder stays whole.
    void Promise.resolve(starting)
      .then((broker) => broker?.stop())
      .finally(() => process.exit(0));
  });
}

try {
  starting = startBroker({
    folder,
    cache: '.tools/kafka',
    port,
    fetching: () => console.log(`Fetching Apache Kafka ${KAFKA_VERSION} from Maven Central (63 MB, once) ...`),
  });
  const broker = await starting;
  console.log(`Apache Kafka ${KAFKA_VERSION} is ready at ${broker.brokers} (data in ${folder}). Stop it with Ctrl-C.`);
  fail(await broker.failed);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message: string): never {
  console.error(`kafka: ${message}`);
  process.exit(1);
}
