import { sql, type Kysely } from 'kysely';

/** Runs, settings, states. Not breaking: nothing was there before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create schema if not exists freshet`.execute(db);
  await sql`create schema if not exists freshet_stage`.execute(db);
  await makeSettings(db);
  await makeRuns(db);
  await makeRunEntities(db);
  await refuseIllegalMoves(db);
}

async function makeSettings(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.config (
      digest text primary key,
      body jsonb not null,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table freshet.transition (
      machine text not null check (machine in ('run', 'entity')),
      from_state text not null,
      to_state text not null,
      primary key (machine, from_state, to_state)
    )`.execute(db);
}

async function makeRuns(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.run (
      id text primary key,
      request_key text not null unique,
      pipeline text not null,
      lane text not null check (lane in ('sync', 'backfill')),
      kind text not null check (kind in ('sync', 'full', 'backfill', 'window', 'retry', 'replay', 'load', 'push')),
      parent_run_id text references freshet.run (id),
      retry_of text references freshet.run (id),
      scheduled_for timestamptz,
      environment text not null,
      config_digest text not null references freshet.config (digest),
      command jsonb not null default '{}',
      actor text not null default '',
      state text not null,
      verdict text,
      reason text,
      error_type text,
      error_message text,
      wait_reason text,
      wait_until timestamptz,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      progress_at timestamptz not null default now(),
      completed_at timestamptz,
      cancel_requested_at timestamptz,
      session_id text,
      stats jsonb not null default '{}',
      report_path text
    )`.execute(db);
  await sql`
    create unique index run_one_active_per_lane on freshet.run (pipeline, lane)
      where parent_run_id is null and state in ('starting', 'running', 'paused')`.execute(db);
  await sql`create index run_newest on freshet.run (created_at desc)`.execute(db);
}

const LEDGER =
  'listed resumed known vanished undetailed fetched remaining unloaded_before landed unloaded_after inserted updated revived unchanged stale skipped duplicate rejected found_late deleted live_before live_after lines_before lines_added lines_removed lines_after'.split(
    ' ',
  );

async function makeRunEntities(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.run_entity (
      run_id text not null references freshet.run (id),
      entity text not null,
      state text not null default 'waiting',
      doubts jsonb not null default '[]',
      verdict text,
      held_reason text,
      skipped_reason text,
      error_type text,
      error_code text,
      error_message text,
      error_remedy text,
      wait_reason text,
      wait_until timestamptz,
      token bigint not null default 0,
      strikes integer not null default 0,
      attempt_mark text,
      progress_mark text,
      extraction_id text,
      ${sql.join(LEDGER.map((column) => sql`${sql.ref(column)} bigint not null default 0`))},
      pages bigint not null default 0,
      read_kind text,
      read_complete boolean not null default false,
      full_reason text,
      started_at timestamptz,
      progress_at timestamptz not null default now(),
      completed_at timestamptz,
      primary key (run_id, entity)
    )`.execute(db);
}

async function refuseIllegalMoves(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function freshet.refuse_illegal_move() returns trigger language plpgsql set search_path = pg_catalog as $$
    begin
      if new.state <> old.state and not exists (
        select from freshet.transition t
         where t.machine = tg_argv[0] and t.from_state = old.state and t.to_state = new.state
      ) then
        raise exception 'freshet: % cannot move from % to %', tg_argv[0], old.state, new.state using errcode = 'FR001';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger refuse_illegal_move before update of state on freshet.run
      for each row execute function freshet.refuse_illegal_move('run')`.execute(db);
  await sql`
    create trigger refuse_illegal_move before update of state on freshet.run_entity
      for each row execute function freshet.refuse_illegal_move('entity')`.execute(db);
  for (const [machine, from, to] of MOVES) {
    await sql`insert into freshet.transition values (${machine}, ${from}, ${to})`.execute(db);
  }
}

/** As of this migration; `domain/run.ts` is the living table, and a test compares the two. */
const RUN_MOVES = {
  starting: 'running failed cancelled',
  running: 'paused completed doubtful partial failed cancelled',
  paused: 'running failed cancelled',
};
const ENTITY_MOVES = {
  waiting: 'extracting loading verifying failed held skipped cancelled',
  extracting: 'loading publishing verifying failed held skipped cancelled',
  loading: 'extracting publishing verifying failed held skipped cancelled',
  publishing: 'verifying failed held cancelled',
  verifying: 'completed failed held cancelled',
};
const MOVES: readonly (readonly [string, string, string])[] = [
  ...Object.entries(RUN_MOVES).flatMap(([from, to]) => to.split(' ').map((state) => ['run', from, state] as const)),
  ...Object.entries(ENTITY_MOVES).flatMap(([from, to]) => to.split(' ').map((state) => ['entity', from, state] as const)),
];
