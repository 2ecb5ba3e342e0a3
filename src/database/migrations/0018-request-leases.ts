import { sql, type Kysely } from 'kysely';

/** Requests that processes lease from one budget an account, and what became of them (decision 0017). Only adds. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.api_budget (
      block uuid primary key,
      account text not null,
      window_start timestamptz not null,
      "limit" integer not null,
      used integer not null check (used >= 0),
      leased integer not null check (leased >= 0),
      counts_until timestamptz not null
    )`.execute(db);
  await sql`create index api_budget_account on freshet.api_budget (account)`.execute(db);
  await sql`
    create table freshet.api_call (
      block uuid not null,
      n integer not null,
      account text not null,
      run_id text,
      entity text,
      what text not null,
      started_at timestamptz not null,
      ms integer not null,
      status integer,
      error text,
      primary key (block, n)
    )`.execute(db);
  await sql`create index api_call_started on freshet.api_call (started_at)`.execute(db);
  await sql`
    create table freshet.api_day (
      account text not null,
      day date not null,
      name text not null,
      calls bigint not null,
      primary key (account, day)
    )`.execute(db);
  await sql`
    create table freshet.api_run (
      run_id text not null,
      entity text not null,
      calls bigint not null,
      primary key (run_id, entity)
    )`.execute(db);
  await sql.raw(LEASE_REQUESTS).execute(db);
}

/** Never changed: another arithmetic gets another name. `asked_at` is given by tests alone. */
const LEASE_REQUESTS = `
    create function freshet.lease_requests(ask jsonb, asked_at timestamptz default null) returns table (granted integer, retry_ms bigint)
    language plpgsql set search_path = pg_catalog as $$
    declare
      who constant text := ask ->> 'account';
      most constant integer := (ask ->> 'limit')::integer;
      lease constant interval := interval '75.1 seconds';
      minute constant interval := interval '60.1 seconds';
      moment timestamptz;
      free integer;
      soonest timestamptz;
    begin
      perform pg_advisory_xact_lock(hashtextextended('freshet.api_budget:' || who, 0));
      moment := coalesce(asked_at, clock_timestamp());

      insert into freshet.api_budget (block, account, window_start, "limit", used, leased, counts_until)
      select block, who, moment, most, used, leased,
             case when leased > 0 then moment + lease else moment - ago_ms * interval '1 millisecond' + minute end
        from jsonb_to_recordset(ask -> 'told') as told (block uuid, used integer, leased integer, ago_ms double precision)
          on conflict (block) do update set used = excluded.used, leased = excluded.leased, counts_until = excluded.counts_until;
      delete from freshet.api_budget where account = who and (counts_until <= moment or used + leased = 0);

      select most - coalesce(sum(used + leased), 0), min(counts_until) into free, soonest from freshet.api_budget where account = who;
      granted := greatest(0, least((ask ->> 'want')::integer, free, greatest((ask ->> 'queued')::integer, free / 4)));
      retry_ms := ceil(extract(epoch from coalesce(soonest, moment) - moment) * 1000);
      if granted > 0 then
        insert into freshet.api_budget (block, account, window_start, "limit", used, leased, counts_until)
        values ((ask ->> 'block')::uuid, who, moment, most, 0, granted, moment + lease);
      end if;

      if jsonb_array_length(ask -> 'calls') > 0 then
        with written as (
          insert into freshet.api_call (block, n, account, run_id, entity, what, started_at, ms, status, error)
          select block, n, who, run_id, entity, what, moment - ago_ms * interval '1 millisecond', ms, status, error
            from jsonb_to_recordset(ask -> 'calls')
              as call (block uuid, n integer, run_id text, entity text, what text, ago_ms double precision, ms integer, status integer, error text)
              on conflict (block, n) do nothing
          returning started_at, run_id, entity),
        by_run as (
          insert into freshet.api_run as r (run_id, entity, calls)
          select run_id, coalesce(entity, ''), count(*) from written where run_id is not null group by 1, 2
              on conflict (run_id, entity) do update set calls = r.calls + excluded.calls)
        insert into freshet.api_day as d (account, day, name, calls)
        select who, (started_at at time zone 'UTC')::date, ask ->> 'name', count(*) from written group by 2
            on conflict (account, day) do update set calls = d.calls + excluded.calls, name = excluded.name;
        delete from freshet.api_call where ctid = any (array(
          select c.ctid from freshet.api_call c where c.started_at < moment - interval '35 days' limit 100));
      end if;
      return next;
    end $$`;
