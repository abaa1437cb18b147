import { topics } from '@paradesk/contracts';
import { services } from '@paradesk/standalone';
import { Deck } from './deck.js';
import type { Fault, Injected, Programme, Random, World } from './fault.js';
import { processesOf } from './processes-of.js';
import { TopicCopies, type TopicRecord } from './topic-copies.js';
import { until } from './until.js';

type Repeat = (world: World, random: Random) => Promise<Injected>;

// Each is delivered to one to four consumers, two to five times.
const MOST_EVENTS: Readonly<Record<Programme, number>> = { smoke: 1_000, soak: 20_000 };
const LEFT_WITHIN_MS = 30_000;

const repeats = new Deck<Repeat>([fromTheBeginning, bySecondRelay]);

/** F10: what was delivered comes again. */
export const duplicateFaults: readonly Fault[] = [
  {
    id: 'F10',
    title: 'duplicates: a group begins anew, a second relay repeats all',
    times: { smoke: 2, soak: 10 },
    inject: (world, random) => repeats.draw(random)(world, random),
  },
];

/** A group's offsets are lost: it is given every event there ever was. */
async function fromTheBeginning(world: World, random: Random): Promise<Injected> {
  const { name } = random.pick(services.filter(({ consumes }) => consumes.length > 0));
  const processes = processesOf(world, name);
  const copies = new TopicCopies(world.brokers.direct);
  await Promise.all(processes.map((one) => one.stop()));
  try {
    const forgotten = async () => {
      await copies.forget(name);
      return true;
    };
    // Its members may just be leaving.
    await until(
      () => forgotten().catch(() => false),
      LEFT_WITHIN_MS,
      () => `the group ${name} keeps its members`,
    );
  } finally {
    await Promise.all(processes.map((one) => one.start()));
  }
  return { what: `${name} from offset 0` };
}

/** A relay that marks nothing: every event goes out two to five times more, in the order of its partition. */
async function bySecondRelay(world: World, random: Random): Promise<Injected> {
  const copies = new TopicCopies(world.brokers.direct);
  const all: TopicRecord[] = [];
  for (const { name } of Object.values(topics)) all.push(...(await copies.read(name)));
  const most = MOST_EVENTS[world.programme];
  const start = random.integer(Math.max(1, all.length - most + 1));
  const events = all.slice(start, start + most);
  const repeated = events.flatMap((event) => Array.from({ length: 2 + random.integer(4) }, () => event));
  await copies.write(repeated, (index) => repeated[index]?.partition ?? 0);
  return { what: `${events.length} events ${repeated.length} times` };
}
