import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A journal is read by day. */
export class OrderPostings1767225610430 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index postings_day on postings (tenant_id, (coalesce(booked_on, (posted_at at time zone 'UTC')::date)), id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index postings_day');
  }
}
