import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  type NewQualification,
  type Qualification,
  qualificationList,
  requirePeriod,
} from '../qualifications/qualification.js';

/** What a person may be to the tenant: its staff, or somebody at a client. Operators and services are not people. */
export type PersonRole =
  'OPERATIONS_MANAGER' | 'BILLING_MANAGER' | 'PARALEGAL' | 'VIRTUAL_ASSISTANT' | 'ATTORNEY' | 'PARTNER';

/** What a person is registered with. Texts that do not apply are empty. */
export interface NewPerson {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** Name of a role in the contracts; `Person.create` refuses those that are not given to people. */
  readonly role: string;
  readonly clientId: string;
  readonly timekeeperCode: string;
  readonly timekeeperClassification: string;
}

const worksFor: Readonly<Record<PersonRole, 'tenant' | 'client'>> = {
  OPERATIONS_MANAGER: 'tenant',
  BILLING_MANAGER: 'tenant',
  PARALEGAL: 'tenant',
  VIRTUAL_ASSISTANT: 'tenant',
  ATTORNEY: 'client',
  PARTNER: 'client',
};

/** The form of LEDES 1998B's TIMEKEEPER_CLASSIFICATION, such as PARALG: char 10, a closed list of upper-case codes. */
const CLASSIFICATION = /^[A-Z]{1,10}$/;

/**
 * A person, by the one role that says what they may do.
 *
 * - Attorneys and partner systems belong to exactly one client; staff to none.
 * - Who keeps time has a timekeeper code and a LEDES classification: both or neither.
 * - E-mail address (whatever its case) and timekeeper code are unique in the tenant; unique keys say so.
 * - Only paralegals have qualifications. They are never forgotten: who had one recorded stays somebody of whom one is asked.
 * - Who is deactivated signs in no more, by whatever means, until they are reactivated.
 * - Every change raises the version by one and is announced by one event.
 */
@Entity('people')
export class Person {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text', { name: 'first_name' }) readonly firstName!: string;
  @Column('text', { name: 'last_name' }) readonly lastName!: string;
  @Column('text') readonly email!: string;
  @Column('text') readonly role!: PersonRole;
  @Column('uuid', { name: 'client_id', nullable: true }) readonly clientId!: string | null;
  @Column('text', { name: 'timekeeper_code', nullable: true }) readonly timekeeperCode!: string | null;
  @Column('text', { name: 'timekeeper_classification', nullable: true }) readonly timekeeperClassification!:
    string | null;
  @Column('timestamptz', { name: 'deactivated_at', transformer: instant, nullable: true })
  readonly deactivatedAt!: Temporal.Instant | null;
  /** The oldest first. */
  @Column('jsonb', { transformer: qualificationList }) readonly qualifications!: readonly Qualification[];
  @Column('integer') readonly version!: number;

  /** @throws DomainError invalid, naming the field: see the rules above */
  static create(tenantId: string, id: string, fields: NewPerson): Person {
    requireRoleOfPeople(fields);
    requireClientWhereDue(fields.role, fields.clientId);
    requireWholeTimekeeper(fields);
    return Object.assign(new Person(), {
      ...fields,
      clientId: fields.clientId || null,
      timekeeperCode: fields.timekeeperCode || null,
      timekeeperClassification: fields.timekeeperClassification || null,
      deactivatedAt: null,
      qualifications: [],
      tenantId,
      id,
      version: 1,
    });
  }

  /** @returns whether anything changed: who is deactivated keeps the moment */
  deactivate(now: Temporal.Instant): boolean {
    if (this.deactivatedAt) return false;
    this.become({ deactivatedAt: now, version: this.version + 1 });
    return true;
  }

  /** @returns whether anything changed */
  reactivate(): boolean {
    if (!this.deactivatedAt) return false;
    this.become({ deactivatedAt: null, version: this.version + 1 });
    return true;
  }

  /** @throws DomainError refused NOT_A_PARALEGAL; invalid, naming the field, where the days do not fit */
  recordQualification(id: string, recordedAt: Temporal.Instant, fields: NewQualification): Qualification {
    if (this.role !== 'PARALEGAL') {
      throw DomainError.refused('NOT_A_PARALEGAL', 'qualifications are recorded of paralegals: the others need none');
    }
    requirePeriod(fields);
    const qualification: Qualification = { ...fields, id, recordedAt, revokedAt: null, toldDays: [] };
    this.become({ qualifications: [...this.qualifications, qualification], version: this.version + 1 });
    return qualification;
  }

  /** @returns whether anything changed. @throws DomainError not-found QUALIFICATION_NOT_FOUND */
  revokeQualification(id: string, at: Temporal.Instant): boolean {
    const qualification = this.qualification(id);
    if (qualification.revokedAt) return false;
    this.changeQualification({ ...qualification, revokedAt: at });
    return true;
  }

  /** Notes that its end was told of so many days before. @returns whether that is new */
  tellOfExpiry(id: string, days: number): boolean {
    const qualification = this.qualification(id);
    if (qualification.toldDays.includes(days)) return false;
    this.changeQualification({ ...qualification, toldDays: [...qualification.toldDays, days] });
    return true;
  }

  /** @throws DomainError not-found QUALIFICATION_NOT_FOUND */
  qualification(id: string): Qualification {
    const found = this.qualifications.find((one) => one.id === id.toLowerCase());
    if (!found) throw DomainError.notFound('qualification', id);
    return found;
  }

  /** @throws DomainError unauthenticated PERSON_DEACTIVATED */
  requireActive(): void {
    requireActive(this);
  }

  private changeQualification(changed: Qualification): void {
    const qualifications = this.qualifications.map((one) => (one.id === changed.id ? changed : one));
    this.become({ qualifications, version: this.version + 1 });
  }

  private become(change: Partial<Pick<Person, 'deactivatedAt' | 'qualifications' | 'version'>>): void {
    Object.assign(this, change);
  }
}

/** @throws DomainError unauthenticated PERSON_DEACTIVATED */
export function requireActive({ deactivatedAt }: { readonly deactivatedAt: Temporal.Instant | null }): void {
  if (!deactivatedAt) return;
  throw new DomainError('unauthenticated', 'PERSON_DEACTIVATED', 'the person was deactivated and signs in no more');
}

function requireRoleOfPeople<T extends NewPerson>(fields: T): asserts fields is T & { readonly role: PersonRole } {
  if (Object.hasOwn(worksFor, fields.role)) return;
  throw DomainError.invalid('role', 'ROLE_NOT_GIVEN_TO_PEOPLE', `${fields.role} is not a role of people`);
}

function requireClientWhereDue(role: PersonRole, clientId: string): void {
  if (worksFor[role] === 'client' && !clientId) {
    throw DomainError.invalid('clientId', 'CLIENT_REQUIRED', 'an attorney or a partner system belongs to a client');
  }
  if (worksFor[role] === 'tenant' && clientId) {
    throw DomainError.invalid('clientId', 'CLIENT_NOT_OF_STAFF', 'staff of the tenant belongs to no client');
  }
}

function requireWholeTimekeeper({ timekeeperCode, timekeeperClassification }: NewPerson): void {
  if (!timekeeperCode && !timekeeperClassification) return;
  if (!timekeeperCode) {
    throw DomainError.invalid('timekeeperCode', 'TIMEKEEPER_CODE_REQUIRED', 'a classification needs a timekeeper code');
  }
  if (!CLASSIFICATION.test(timekeeperClassification)) {
    const message = 'a timekeeper needs a LEDES classification of 1 to 10 upper-case letters, such as PARALG';
    throw DomainError.invalid('timekeeperClassification', 'TIMEKEEPER_CLASSIFICATION', message);
  }
}
