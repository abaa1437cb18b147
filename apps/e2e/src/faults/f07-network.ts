import { setTimeout as sleep } from 'node:timers/promises';
import { Deck } from './deck.js';
import type { Fault, Programme, Random, World } from './fault.js';
import type { Link } from './proxies.js';

/** One way to hurt links. */
interface Hurt {
  readonly what: string;
  /** How often it is drawn of a whole deck. */
  readonly share: number;
  hurt(link: Link): void;
  readonly lastsMs: Readonly<Record<Programme, number>>;
}

const COMMIT_WITHIN_MS = 20_000;

const HURTS: readonly Hurt[] = [
  { what: 'reset', share: 3, hurt: (link) => link.reset(), lastsMs: { smoke: 500, soak: 500 } },
  // Longer than a consumer's session and than the relay waits for an answer.
  { what: 'half open', share: 1, hurt: (link) => link.blackhole(), lastsMs: { smoke: 12_000, soak: 60_000 } },
  {
    what: '200 +- 200 ms late',
    share: 1,
    hurt: (link) => link.delay(200, 200),
    lastsMs: { smoke: 4_000, soak: 20_000 },
  },
  { what: '8 KiB/s', share: 1, hurt: (link) => link.throttle(8 * 1024), lastsMs: { smoke: 4_000, soak: 20_000 } },
  { what: 'refused', share: 1, hurt: (link) => link.refuse(), lastsMs: { smoke: 2_000, soak: 10_000 } },
  { what: 'closing slowly', share: 1, hurt: slowlyClose, lastsMs: { smoke: 2_000, soak: 5_000 } },
];

// A command's transaction claims its key, a consumer's notes the event: both must bear not to know how they ended.
const COMMITS = [
  { what: 'the answer to a command is lost', having: /\binto idempotency_keys\b/ },
  { what: 'the answer to a consumer is lost', having: /\binto messaging\.inbox\b/ },
];

const links = new Deck<Hurt>(HURTS.flatMap((hurt) => Array.from({ length: hurt.share }, () => hurt)));
const commits = new Deck(COMMITS);

/** F7: the network between services, PostgreSQL and Kafka. */
export const networkFaults: readonly Fault[] = [
  {
    id: 'F7',
    title: 'network: reset, half open, late, slow, refused',
    times: { smoke: 6, soak: 48 },
    async inject(world, random) {
      const { what, hurt, lastsMs } = links.draw(random);
      const { name, hit } = linksOf(world, random);
      for (const link of hit) hurt(link);
      await sleep(lastsMs[world.programme]);
      for (const link of hit) link.heal();
      return { what: `${name} ${what}` };
    },
  },
  {
    id: 'F7',
    title: 'network: the answer to exactly a COMMIT is lost',
    times: { smoke: 6, soak: 200 },
    async inject(world, random) {
      const { what, having } = commits.draw(random);
      const candidates = world.proxies.links.filter(({ name }) => name.endsWith('>postgres'));
      // Whichever commits first: not every service has a command or an event within seconds.
      const dropped = candidates.map((link) => link.dropCommitAnswer(having).then(() => link.name));
      const late = sleep(COMMIT_WITHIN_MS, undefined, { ref: false });
      const name = await Promise.race([...dropped, late]);
      for (const link of candidates) link.heal();
      if (name === undefined) throw new Error(`no COMMIT came within ${COMMIT_WITHIN_MS / 1000} s: ${what}`);
      return { what: `${name}: ${what}` };
    },
  },
];

function slowlyClose(link: Link): void {
  link.closeSlowly(1_500);
  link.reset();
}

/** The links of a process to PostgreSQL, of another one to Kafka, and of all to some service. */
function linksOf({ proxies, services }: World, random: Random): { name: string; hit: Link[] } {
  const to = (target: string) => proxies.links.filter(({ name }) => name.endsWith(`>${target}`));
  const service = random.pick(services);
  const alone = [random.pick(to('postgres')), random.pick(to('kafka'))];
  const name = [...alone.map((link) => link.name), `*>${service}`].join(', ');
  return { name, hit: [...alone, ...to(service)] };
}
