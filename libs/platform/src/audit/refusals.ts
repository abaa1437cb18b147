import { metrics, type Counter } from '@opentelemetry/api';
import type { Clock } from '../clock.js';
import type { Database } from '../database/database.js';
import type { Logger } from '../telemetry/logger.js';
import type { Act } from './act.js';
import { addRecord } from './audit-records.js';

// Nobody works that fast against a closed door: what comes beyond is a program, and would fill the disk.
const MOST_PER_MINUTE = 60;

let counter: Counter | undefined;

// Made at the first refusal: before telemetry is started the API gives out instruments that count nothing.
function count(recorded: boolean): void {
  counter ??= metrics.getMeter('paradesk.audit').createCounter('paradesk.audit.refusals', {
    unit: '{refusal}',
    description: 'Calls that were refused by a rule, by whether each has an audit record of its own.',
  });
  counter.add(1, { 'paradesk.audit.recorded': recorded });
}

/**
 * Records whom a rule refused. Of one caller 60 a minute are recorded, one more says that there were others (TOO_MANY_REFUSALS), and the
 * rest is counted only.
 */
export class Refusals {
  private minute = 0;
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'error'>,
  ) {}

  /** Resolves when the refusal is on record, or counted; what keeps it from being recorded is logged, and the refusal stands. */
  async keep(act: Act, reason: string): Promise<void> {
    const { caller } = act;
    if (!caller) return;
    const nth = this.countOf(`${caller.tenantId} ${caller.personId ?? caller.service ?? 'operator'}`);
    count(nth <= MOST_PER_MINUTE);
    if (nth > MOST_PER_MINUTE + 1) return;
    const record = { outcome: 'refused', reason: nth > MOST_PER_MINUTE ? 'TOO_MANY_REFUSALS' : reason } as const;
    try {
      await this.database.transaction(caller, (tx) => addRecord(tx, caller.tenantId, act, record));
    } catch (error) {
      this.logger.error({ err: error, action: act.action, reason }, 'a refusal cannot be recorded');
    }
  }

  private countOf(caller: string): number {
    const minute = Math.floor(this.clock.now().epochMilliseconds / 60_000);
    if (minute !== this.minute) this.counts.clear();
    this.minute = minute;
    const nth = (this.counts.get(caller) ?? 0) + 1;
    this.counts.set(caller, nth);
    return nth;
  }
}
