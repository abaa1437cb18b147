import { join } from 'node:path';

/** One more door to the broker. Whoever comes in by it is told to come back by `advertisedPort`: that of a proxy. */
export interface Listener {
  /** Letters only, in upper case. */
  readonly name: string;
  readonly port: number;
  readonly advertisedPort: number;
}

/** What the broker is told: one node that is broker and controller, on the loopback only. */
export function brokerProperties(folder: string, port: number, more: readonly Listener[] = []): string {
  const controller = `127.0.0.1:${port + 1}`;
  const own = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://${controller}`;
  const doors = (portOf: (listener: Listener) => number) =>
    [own, ...more.map((listener) => `${listener.name}://127.0.0.1:${portOf(listener)}`)].join(',');
  return toProperties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'log.dirs': join(folder, 'log'),
    listeners: doors((listener) => listener.port),
    'advertised.listeners': doors((listener) => listener.advertisedPort),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': controller,
    'listener.security.protocol.map': ['PLAINTEXT', 'CONTROLLER', ...more.map(({ name }) => name)]
      .map((name) => `${name}:PLAINTEXT`)
      .join(','),
    'auto.create.topics.enable': false,
    // One node has one replica of everything, the broker's own topics included.
    ...Object.fromEntries(
      ['default', 'offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'].map((topic) => [
        `${topic}.replication.factor`,
        1,
      ]),
    ),
    'min.insync.replicas': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    // Groups of one's own machine gather at once, and tests end sessions early.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // Without these a restart after kill -9 waits 9 s for the broker that was.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    // 128 MiB of heap otherwise.
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'log.segment.bytes': 67_108_864,
    'num.network.threads': 2,
    'num.io.threads': 2,
  });
}

/** Warnings on standard output, and the line that says that the broker has started. */
export const LOG4J_PROPERTIES = toProperties({
  status: 'error',
  'appender.c.type': 'Console',
  'appender.c.name': 'C',
  'appender.c.layout.type': 'PatternLayout',
  'appender.c.layout.pattern': '%d{ISO8601} %p %m (%c{1})%n',
  'rootLogger.level': 'warn',
  'rootLogger.appenderRef.c.ref': 'C',
  'logger.s.name': 'kafka.server.KafkaRaftServer',
  'logger.s.level': 'info',
});

function toProperties(settings: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
