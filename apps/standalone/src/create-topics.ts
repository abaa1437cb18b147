import { topics } from '@paradesk/contracts';
import { ensureTopics } from '@paradesk/platform';

// The only place where topics come from: services refuse to start without them.
const { KAFKA_TLS_CA_FILE: authority, KAFKA_TLS_CERT_FILE: certificate, KAFKA_TLS_KEY_FILE: key } = process.env;
const tls = authority ? { authority, certificate, key } : undefined;
const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(',');

try {
  for (const { name, outcome } of await ensureTopics(brokers, Object.values(topics), tls))
    console.log(`${outcome}: ${name}`);
} catch (error) {
  console.error(`topics: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
