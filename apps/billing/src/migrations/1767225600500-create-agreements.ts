import { isolateByTenant } from '@paradesk/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Hourly agreements and their rates. Append only: what was agreed is never edited, a later agreement follows it. */
export class CreateAgreements1767225600500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table agreements (
        tenant_id uuid not null,
        id uuid not null,
        client_id uuid not null,
        matter_id uuid not null,
        currency text not null,
        valid_from date not null,
        payment_terms_days integer not null check (payment_terms_days between 0 and 365),
        increment_minutes integer not null check (increment_minutes between 1 and 60),
        rounding_mode text not null check (rounding_mode in ('up', 'nearest', 'down')),
        rounding_enforced boolean not null,
        primary key (tenant_id, id),
        unique (tenant_id, matter_id, valid_from),
        foreign key (tenant_id, matter_id) references matters (tenant_id, id)
      )`);
    await runner.query(`
      create table agreement_rates (
        tenant_id uuid not null,
        agreement_id uuid not null,
        person_id uuid not null,
        position integer not null,
        hourly_rate_minor bigint not null check (hourly_rate_minor >= 0),
        primary key (tenant_id, agreement_id, person_id),
        foreign key (tenant_id, agreement_id) references agreements (tenant_id, id)
      )`);
    for (const table of ['agreements', 'agreement_rates']) await isolateByTenant(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table agreement_rates, agreements');
  }
}
