import { Injectable } from '@nestjs/common';
import { fromDate } from '@paradesk/contracts';
import type { QualificationExpiring } from '@paradesk/contracts/paradesk/identity/events/v1/people';
import { QualificationKind } from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { DomainError } from '@paradesk/kernel';
import { Database, defineJob, Jobs, type RunningJob, type Tx } from '@paradesk/platform';
import { Mailer } from '../messages/mailer.js';
import { qualificationExpiring } from '../templates/qualification-expiring.js';
import { render } from '../templates/template.js';
import { TenantsService } from '../tenants/tenants.service.js';

/** Whom to remind of which qualification. */
interface Reminder {
  /** The same of the same reminder: makes the Message-ID. */
  readonly id: string;
  readonly email: string;
  readonly variables: Readonly<Record<string, string>>;
}

const remind = defineJob<Reminder>('remind-of-qualification');

const kinds: Readonly<Partial<Record<QualificationKind, string>>> = {
  [QualificationKind.CERTIFICATE]: 'certificate',
  [QualificationKind.ADMISSION]: 'admission',
  [QualificationKind.CONTINUING_EDUCATION]: 'continuing education',
};

/**
 * Mails to the company's own people. A reminder that the mail server had taken when the process died is sent again, under the same Message-ID.
 */
@Injectable()
export class RemindersService {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly tenants: TenantsService,
    private readonly mailer: Mailer,
  ) {
    jobs.handle(remind, (reminder, job) => this.send(reminder, job));
  }

  async onQualificationExpiring(tx: Tx, { person, qualificationId, withinDays }: QualificationExpiring): Promise<void> {
    const held = person?.qualifications.find(({ id }) => id === qualificationId);
    if (!person || !held) return;
    const id = `${qualificationId}.${withinDays}`;
    const variables = {
      person: `${person.firstName} ${person.lastName}`,
      kind: kinds[held.kind] ?? 'qualification',
      jurisdiction: held.jurisdiction.toUpperCase(),
      validUntil: fromDate(held.validUntil, 'validUntil').toLocaleString('en-US', { dateStyle: 'long' }),
    };
    await this.jobs.add(tx, remind, { id, email: person.email, variables }, { key: id });
  }

  private async send({ id, email, variables }: Reminder, job: RunningJob): Promise<void> {
    const tenant = await this.database.transaction(job, (tx) => this.tenants.find(tx));
    // Identity's event of the tenant may be on its way: the job is tried again.
    if (!tenant) throw DomainError.refused('TENANT_UNKNOWN', 'nothing is known of the tenant yet');
    const { subject, body: text } = render(qualificationExpiring, { ...variables, tenant: tenant.name });
    const company = { name: tenant.name, address: tenant.email };
    const to = { name: variables.person ?? '', address: email };
    await this.mailer.hand({ id, from: company, to, cc: company, subject, text, attachments: [] });
  }
}
