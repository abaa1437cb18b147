import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RestrictApiKeys1767225600040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table api_keys
        add column scopes text[] not null default '{}',
        add column restricted_to_client_id uuid,
        add column expires_at timestamptz,
        add column previous_secret_sha256 bytea check (length(previous_secret_sha256) = 32),
        add column previous_ends_at timestamptz,
        add foreign key (tenant_id, restricted_to_client_id) references clients,
        add check (num_nonnulls(previous_secret_sha256, previous_ends_at) in (0, 2))`);
    // When a key was used last stands here and not with the key: it is noted all day long, and no change that the audit trail is about.
    await runner.query('alter table api_key_directory add column last_used_at timestamptz');
    // Counters of rate-limiter-flexible, whose layout this is. After a crash they are empty and counting begins anew, so they need no place
    // in the write-ahead log: no request waits for the disk because it was counted.
    await runner.query(`
      create unlogged table rate_limits (
        key varchar(255) primary key,
        points integer not null default 0,
        expire bigint
      ) with (fillfactor = 50)`);
    await runner.query(LOCKED_FOR);
    await runner.query(FIND_API_KEY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function find_api_key, locked_for');
    await runner.query('drop table rate_limits');
    await runner.query('alter table api_key_directory drop column last_used_at');
    await runner.query(`
      alter table api_keys
        drop column scopes, drop column restricted_to_client_id, drop column expires_at,
        drop column previous_secret_sha256, drop column previous_ends_at`);
  }
}

/** For how many milliseconds more guessing locks out whom these counters are of; null where it does not. */
const LOCKED_FOR = `
  create function locked_for(counters text[], most integer[]) returns double precision language sql stable as $$
    select max(r.expire) - extract(epoch from statement_timestamp()) * 1000
    from unnest(counters, most) as g (key, most) join rate_limits r on r.key = g.key and r.points >= g.most
  $$`;

/**
 * All that is to be known when a key is presented, in one statement: whether guessing has locked the caller out, the key and its person. It
 * has the rights of whoever calls it, and sets the tenant that the directory names, for itself only: row-level security holds here too.
 * There is always one row; its columns are null where there is no such key.
 */
const FIND_API_KEY = `
  create function find_api_key(wanted text, counters text[], most integer[]) returns table (
    locked_for_ms double precision, tenant_id uuid, secret_sha256 bytea, previous_secret_sha256 bytea, previous_ends_at timestamptz, revoked_at timestamptz,
    expires_at timestamptz, scopes text[], restricted_to_client_id uuid, last_used_at timestamptz,
    person_id uuid, role text, client_id uuid, deactivated_at timestamptz
  ) language plpgsql as $$
  #variable_conflict use_column
  declare d api_key_directory;
  begin
    select * into d from api_key_directory where public_id = wanted;
    perform set_config('paradesk.tenant', d.tenant_id::text, true), set_config('paradesk.sees', 'all', true);
    return query
      select locked_for(counters, most), k.tenant_id, k.secret_sha256, k.previous_secret_sha256, k.previous_ends_at, k.revoked_at,
        k.expires_at, k.scopes, k.restricted_to_client_id, d.last_used_at, p.id, p.role, p.client_id, p.deactivated_at
      from (select) as always
      left join api_keys k on k.tenant_id = d.tenant_id and k.id = d.api_key_id
      left join people p on p.tenant_id = k.tenant_id and p.id = k.person_id;
  end $$`;
