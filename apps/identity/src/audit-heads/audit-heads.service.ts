import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '@paradesk/access';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';
import { DomainError } from '@paradesk/kernel';
import {
  CONFIG,
  Database,
  defineJob,
  Ids,
  Jobs,
  ObjectStorage,
  pageQuery,
  pageResult,
  TOKEN_ALGORITHM,
  type Tx,
} from '@paradesk/platform';
import { CompactSign, type JSONWebKeySet } from 'jose';
import { Temporal } from 'temporal-polyfill';
import { LessThan } from 'typeorm';
import { type IdentityConfig } from '../config.js';
import { AuditHead } from './audit-head.entity.js';

/** How far a trail has come. */
export interface TrailEnd {
  readonly sequence: bigint;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

const publishHeads = defineJob<{ day: string }>('publish-audit-heads');

/** Signs heads of the audit trails, keeps them, and publishes them in a file for each tenant and day (UTC). */
@Injectable()
export class AuditHeadsService {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly ids: Ids,
    private readonly storage: ObjectStorage,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {
    jobs.handle(publishHeads, ({ day }, { tenantId }) => this.publish(tenantId, day));
  }

  /**
   * Signs the end of the calling service's trail. The same end is signed once, however often it is sent.
   *
   * @throws DomainError refused AUDIT_TRAIL_CONTRADICTS: the service says something else of a record that is signed already
   */
  async notarize(caller: Caller, { sequence, hash }: TrailEnd): Promise<AuditHead> {
    const { service } = caller;
    if (!service) throw DomainError.forbidden('SERVICES_ONLY', 'only a service has an audit trail');
    if (!/^[0-9a-f]{64}$/.test(hash)) throw DomainError.invalid('hash', 'NO_HASH', 'takes 64 hexadecimal digits');
    return this.database.transaction(caller, async (tx) => {
      // Two processes of a service may send heads at once.
      await tx.query('select pg_advisory_xact_lock(hashtext($1))', [`audit-head ${service} ${tx.tenantId}`]);
      const last = await lastHead(tx, service);
      if (last && last.sequence >= sequence) return this.agreeing(tx, service, { sequence, hash });
      const { id, at } = this.ids.stamp();
      const end = { service, sequence, hash, signedAt: at };
      const head = Object.assign(new AuditHead(), { ...end, tenantId: tx.tenantId, id });
      Object.assign(head, { jws: await this.sign(head) } satisfies Partial<AuditHead>);
      await tx.insert(AuditHead, head);
      const day = dayOf(at);
      await this.jobs.add(tx, publishHeads, { day }, { key: day });
      return head;
    });
  }

  async list(caller: Caller, page: PageRequest | undefined): Promise<{ items: AuditHead[]; page: PageResult }> {
    const query = pageQuery(page);
    return this.database.transaction(caller, async (tx) => {
      const rows = await tx.find(AuditHead, {
        where: { tenantId: tx.tenantId, ...(query.after && { id: LessThan(query.after) }) },
        order: { id: 'DESC' },
        take: query.size + 1,
      });
      return pageResult(rows, query, (head) => head.id);
    });
  }

  publicKeys(): JSONWebKeySet {
    return this.config.SIGNING_KEYS.publicKeySet();
  }

  /** A head of this sequence that says the same; an older end that was never signed agrees with nothing and is refused too. */
  private async agreeing(tx: Tx, service: string, { sequence, hash }: TrailEnd): Promise<AuditHead> {
    const same = await tx.findOneBy(AuditHead, { tenantId: tx.tenantId, service, sequence });
    if (same?.hash === hash) return same;
    throw DomainError.refused('AUDIT_TRAIL_CONTRADICTS', 'the audit trail is not the one whose head was signed before');
  }

  /** No claims of a token are in it, and its type says what it is: a head never signs anybody in. */
  private async sign({ tenantId, service, sequence, hash, signedAt }: AuditHead): Promise<string> {
    const { kid, privateKey } = this.config.SIGNING_KEYS.current;
    const text = JSON.stringify({
      tenant: tenantId,
      service,
      sequence: sequence.toString(),
      hash,
      at: signedAt.toString(),
    });
    return new CompactSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid, typ: 'paradesk-audit-head' })
      .sign(privateKey);
  }

  private async publish(tenantId: string, day: string): Promise<void> {
    const heads = await this.database.transaction({ tenantId }, (tx) =>
      tx.query<{ jws: string }[]>(
        `select jws from audit_heads where tenant_id = $1 and signed_at >= $2::date and signed_at < $2::date + 1 order by id`,
        [tenantId, day],
      ),
    );
    const file = heads.map(({ jws }) => `${jws}\n`).join('');
    await this.storage.publish(`audit-heads/${tenantId}/${day}`, Buffer.from(file));
  }
}

function dayOf(moment: Temporal.Instant): string {
  return moment.toZonedDateTimeISO('UTC').toPlainDate().toString();
}

async function lastHead(tx: Tx, service: string): Promise<AuditHead | null> {
  return tx.findOne(AuditHead, { where: { tenantId: tx.tenantId, service }, order: { sequence: 'DESC' } });
}
