import { AuditHeadsServiceService } from '@paradesk/contracts/paradesk/identity/v1/audit_heads';
import type { Database } from '../database/database.js';
import type { Peers } from '../grpc/peers.js';
import type { Jobs } from '../jobs/jobs.js';

/** The schedule by which heads are sent. */
export const NOTARIZE_HEADS = 'notarize-heads';

interface Head {
  readonly tenant_id: string;
  readonly sequence: string;
  readonly hash: Buffer;
}

/**
 * Sends the heads of a service's trail to identity, which signs and publishes them: from then on no record up to there can be changed,
 * not even by somebody who can write every row of the service's database and compute the chain anew.
 */
export class Notary {
  /** @param everyMinutes 1 to 30 */
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
    jobs: Jobs,
    everyMinutes: number,
  ) {
    jobs.schedule(NOTARIZE_HEADS, `*/${everyMinutes} * * * *`, () => this.notarize());
  }

  /** Every tenant whose trail has grown, one after another; one that fails keeps no other from it. @throws the first error, at the end */
  async notarize(): Promise<void> {
    const heads = await this.database.system((tx) =>
      tx.query<Head[]>('select tenant_id, sequence, hash from audit.heads where sequence > notarized_sequence'),
    );
    const errors: unknown[] = [];
    for (const head of heads) await this.send(head).catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }

  private async send({ tenant_id: tenantId, sequence, hash }: Head): Promise<void> {
    const heads = this.peers.client('identity', AuditHeadsServiceService);
    await heads.notarizeHead({ sequence: BigInt(sequence), hash: hash.toString('hex') }, { tenantId });
    await this.database.system((tx) =>
      tx.query('update audit.heads set notarized_sequence = $2 where tenant_id = $1 and notarized_sequence < $2', [
        tenantId,
        sequence,
      ]),
    );
  }
}
