import { DomainError } from '@paradesk/kernel';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Contact, type NewContact } from './contact.entity.js';

/** What kind of client it is. */
export type ClientKind = 'LAW_FIRM' | 'SOLO_PRACTITIONER' | 'LEGAL_DEPARTMENT';

/** What a client is registered with. */
export interface NewClient {
  readonly code: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly addressLines: readonly string[];
}

// Every event carries the whole client and has to fit into one Kafka record.
const MAX_CONTACTS = 200;

/**
 * A law firm, solo practitioner or legal department that retains the tenant.
 *
 * - The code is the tenant's own, the CLIENT_ID of LEDES files: unique in the tenant (a unique key says so), never changed.
 * - Its contacts are part of it: one address is there once for each purpose, so that nobody gets an invoice twice; there are
 *   at most 200.
 * - Every change raises the version by one and is announced by one event.
 */
@Entity('clients')
export class Client {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('text') readonly code!: string;
  @Column('text') readonly name!: string;
  @Column('text') readonly kind!: ClientKind;
  @Column('text', { name: 'address_lines', array: true }) readonly addressLines!: readonly string[];
  @Column('integer') readonly version!: number;

  /** The oldest first. Rows of their own: the service loads and stores them with the client. */
  readonly contacts: readonly Contact[] = [];

  static create(tenantId: string, id: string, fields: NewClient): Client {
    return Object.assign(new Client(), { ...fields, tenantId, id, version: 1 });
  }

  /** @throws DomainError conflict CONTACT_EXISTS, refused TOO_MANY_CONTACTS */
  addContact(id: string, fields: NewContact): Contact {
    if (this.contacts.some((contact) => contact.serves(fields.email, fields.purpose))) {
      throw DomainError.conflict(
        'CONTACT_EXISTS',
        'the client has a contact with this address for this purpose already',
      );
    }
    if (this.contacts.length >= MAX_CONTACTS) {
      throw DomainError.refused('TOO_MANY_CONTACTS', `a client has at most ${MAX_CONTACTS} contacts`);
    }
    const contact = Object.assign(new Contact(), { ...fields, tenantId: this.tenantId, id, clientId: this.id });
    this.become({ contacts: [...this.contacts, contact], version: this.version + 1 });
    return contact;
  }

  /** The client with its contacts, as they were loaded. */
  withContacts(contacts: readonly Contact[]): this {
    this.become({ contacts: contacts.filter((contact) => contact.clientId === this.id) });
    return this;
  }

  private become(change: Partial<Pick<Client, 'contacts' | 'version'>>): void {
    Object.assign(this, change);
  }
}
