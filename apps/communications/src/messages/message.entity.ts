import { DomainError } from '@paradesk/kernel';
import { instant } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far a message has come. */
export type MessageStatus = 'QUEUED' | 'SENT' | 'FAILED';

// A failed message may be queued again once its cause is gone; a sent one is gone for good.
const transitions: Record<MessageStatus, readonly MessageStatus[]> = {
  QUEUED: ['SENT', 'FAILED'],
  FAILED: ['QUEUED'],
  SENT: [],
};

/** What a message is written from. */
export interface NewMessage {
  readonly clientId: string;
  readonly invoiceId: string;
  /** The matters that it is about: only who sees all of them sees it. */
  readonly matterIds: readonly string[];
  /** Name and version of the template. */
  readonly template: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly attachmentDocumentIds: readonly string[];
}

/** A message addressed and filled in. */
export interface Letter {
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
}

/**
 * A message from a template to a person at a client.
 *
 * - There is one for each invoice and template (a unique key says so), and it is sent once.
 * - It goes to a contact of its own client, never to an address from anywhere else.
 * - It keeps what was sent, and the version of the template that made it.
 */
@Entity('messages')
export class Message {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('uuid', { name: 'invoice_id' }) readonly invoiceId!: string;
  /** Null of messages that were written before it was kept. */
  @Column('uuid', { name: 'matter_ids', array: true, nullable: true }) readonly matterIds!: readonly string[] | null;
  @Column('text') readonly template!: string;
  @Column('jsonb') readonly variables!: Readonly<Record<string, string>>;
  @Column('uuid', { name: 'attachment_document_ids', array: true }) readonly attachmentDocumentIds!: readonly string[];
  @Column('text') readonly recipient!: string;
  @Column('text') readonly subject!: string;
  @Column('text') readonly body!: string;
  @Column('text') readonly status!: MessageStatus;
  /** Why it failed: a reason in SCREAMING_SNAKE; empty otherwise. */
  @Column('text') readonly failure!: string;
  @Column('timestamptz', { name: 'written_at', transformer: instant }) readonly writtenAt!: Temporal.Instant;
  @Column('timestamptz', { name: 'sent_at', nullable: true, transformer: instant })
  readonly sentAt!: Temporal.Instant | null;

  static write(stamp: { tenantId: string; id: string; writtenAt: Temporal.Instant }, message: NewMessage): Message {
    const unsent = { recipient: '', subject: '', body: '', status: 'QUEUED', failure: '', sentAt: null };
    return Object.assign(new Message(), { ...message, ...stamp, ...unsent });
  }

  /** Addresses and fills in a queued message; what is sent is what is kept. */
  address(letter: Letter): void {
    this.become({ ...letter, status: this.status });
  }

  send(at: Temporal.Instant): void {
    this.become({ status: 'SENT', sentAt: at });
  }

  fail(reason: string): void {
    this.become({ status: 'FAILED', failure: reason });
  }

  requeue(): void {
    this.become({ status: 'QUEUED', failure: '' });
  }

  private become(
    change: Partial<Letter> & { status: MessageStatus; failure?: string; sentAt?: Temporal.Instant },
  ): void {
    if (change.status !== this.status && !transitions[this.status].includes(change.status)) {
      throw DomainError.refused('MESSAGE_STATUS', `a message that is ${this.status} cannot become ${change.status}`);
    }
    Object.assign(this, change);
  }
}
