import { DomainError } from '@paradesk/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Name of a class in the contracts. */
export type TaskClassName = 'ADMINISTRATIVE' | 'SUBSTANTIVE' | 'RESERVED';

const OWN_CODE = /^own\.[a-z][a-z0-9_]*$/;

/**
 * What a tenant has made of a kind of work: a shipped one that it has reclassified, or one of its own.
 *
 * - A kind of the tenant's own is substantive until an attorney signs off another class: nobody who works picks a class.
 * - Every other class has the attorney who signed it off.
 * - A tenant has one record of a kind (a unique key says so); every change raises the version by one and is announced by one event.
 */
@Entity('task_kinds')
export class TaskKind {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  /** Of the tenant's own kinds; the others are called what the shipped catalogue calls them. */
  @Column('text', { nullable: true }) readonly title!: string | null;
  @Column('text', { name: 'task_class' }) readonly taskClass!: TaskClassName;
  @Column('uuid', { name: 'signed_off_by', nullable: true }) readonly signedOffBy!: string | null;
  @Column('integer') readonly version!: number;

  /** @throws DomainError invalid NO_OWN_CODE */
  static add(tenantId: string, id: string, code: string, title: string): TaskKind {
    if (!OWN_CODE.test(code)) {
      const message = "a kind of the tenant's own is called own. and lower-case letters, digits and underscores";
      throw DomainError.invalid('code', 'NO_OWN_CODE', message);
    }
    const fields = { code, title, taskClass: 'SUBSTANTIVE', signedOffBy: null };
    return Object.assign(new TaskKind(), { tenantId, id, ...fields, version: 1 });
  }

  /** The record of a shipped kind, from the first time it is reclassified on. */
  static reclassified(tenantId: string, id: string, code: string, to: SignedOffClass): TaskKind {
    return Object.assign(new TaskKind(), { tenantId, id, code, title: null, ...to, version: 1 });
  }

  reclassify(to: SignedOffClass): void {
    Object.assign(this, { ...to, version: this.version + 1 });
  }
}

/** A class, and the attorney who signed it off. */
export interface SignedOffClass {
  readonly taskClass: TaskClassName;
  readonly signedOffBy: string;
}
