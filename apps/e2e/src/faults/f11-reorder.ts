import { topics } from '@paradesk/contracts';
import { services } from '@paradesk/standalone';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Programme, Random } from './fault.js';
import { processesOf } from './processes-of.js';
import { TopicCopies, type TopicRecord } from './topic-copies.js';

const GATHER_MS: Readonly<Record<Programme, number>> = { smoke: 4_000, soak: 15_000 };

/**
 * F11: events come in any order. While a service is down its topics gather events; copies of them, shuffled across and within aggregates,
 * go to partitions drawn by lot, so that the service, back again, is handed many a copy long before its turn.
 */
export const reorderFaults: readonly Fault[] = [
  {
    id: 'F11',
    title: 'reorder: shuffled copies overtake the events',
    times: { smoke: 1, soak: 10 },
    async inject(world, random) {
      const { name, consumes } = random.pick(services.filter((one) => one.consumes.length > 0));
      const copies = new TopicCopies(world.brokers.direct);
      const shuffled: TopicRecord[] = [];
      const processes = processesOf(world, name);
      const starts = await Promise.all(consumes.map((topic) => copies.end(topic.name)));
      await Promise.all(processes.map((one) => one.stop()));
      try {
        await sleep(GATHER_MS[world.programme]);
        for (const [index, topic] of consumes.entries())
          shuffled.push(...(await copies.read(topic.name, starts[index])));
        shuffle(shuffled, random);
        const { partitions } = topics.clients;
        const drawn = shuffled.map(() => random.integer(partitions));
        await copies.write(shuffled, (index) => drawn[index] ?? 0);
      } finally {
        await Promise.all(processes.map((one) => one.start()));
      }
      return { what: `${name}, ${shuffled.length} events` };
    },
  },
];

function shuffle<T>(all: T[], random: Random): void {
  for (let index = all.length - 1; index > 0; index--) {
    const other = random.integer(index + 1);
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
}
