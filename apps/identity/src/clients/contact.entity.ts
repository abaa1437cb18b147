import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a contact is written to for. */
export type ContactPurpose = 'BILLING' | 'MATTERS';

/** What a contact is added with. */
export interface NewContact {
  readonly name: string;
  readonly email: string;
  readonly purpose: ContactPurpose;
}

/** A person at a client that mail goes to. Part of its client: it is added through `Client.addContact` only, and never changed. */
@Entity('client_contacts')
export class Contact {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) readonly tenantId!: string;
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid', { name: 'client_id' }) readonly clientId!: string;
  @Column('text') readonly name!: string;
  @Column('text') readonly email!: string;
  @Column('text') readonly purpose!: ContactPurpose;

  /** Whether mail for the purpose goes to this address already; addresses differ by more than their case. */
  serves(email: string, purpose: ContactPurpose): boolean {
    return this.purpose === purpose && this.email.toLowerCase() === email.toLowerCase();
  }
}
