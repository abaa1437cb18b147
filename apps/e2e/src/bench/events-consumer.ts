import kafkajs from 'kafkajs';
import { serveParent } from './child.js';
import { BARE_TOPIC, nowMs, startConsumer, type EventsArguments, type Progress } from './events-spine.js';

const given = JSON.parse(process.argv[2] ?? '{}') as EventsArguments;
let moments: Record<string, number> = {};
let progress: Progress = { events: 0, lastAtMs: 0 };

const service = await startConsumer(given, ({ key, aggregateVersion }) => {
  const lastAtMs = nowMs();
  progress = { events: progress.events + 1, lastAtMs };
  moments[`${key} ${aggregateVersion}`] ??= lastAtMs;
});

// As its documentation shows it, with its own settings.
const bare = new kafkajs.Kafka({ brokers: given.brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
const consumer = bare.consumer({ groupId: 'bench-bare' });
await consumer.connect();
await consumer.subscribe({ topics: [BARE_TOPIC], fromBeginning: true });
await consumer.run({ eachMessage: async ({ message }) => void (moments[String(message.key)] ??= nowMs()) });

const answers = {
  progress: async () => progress,
  moments: async () => {
    const noted = moments;
    moments = {};
    return noted;
  },
};
serveParent({}, answers, async () => {
  await consumer.disconnect();
  await service.stop();
});
