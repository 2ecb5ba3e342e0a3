import { sql, type Kysely } from 'kysely';

/** What was asked, what came, what is landed, and how far we are. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await makeExtractions(db);
  await makePages(db);
  await makeDetailQueue(db);
  await makeBatches(db);
  await makeWatermarks(db);
  await keepWatermarkHistory(db);
}

async function makeExtractions(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.extraction (
      id text primary key check (id ~ '^[0-9a-f]{16}$'),
      pipeline text not null,
      entity text not null,
      partition text not null default '',
      question text not null,
      read_kind text not null check (read_kind in ('complete', 'incremental', 'window', 'partial')),
      from_text text,
      to_text text,
      late_before bigint,
      source_started_at timestamptz,
      started_at_db timestamptz not null default now(),
      greatest_text text,
      greatest_sort bigint,
      greatest_id text,
      carrier_seen boolean not null default false,
      state text not null check (state in ('open', 'complete', 'abandoned')),
      abandoned_reason text,
      owner_run text references freshet.run (id),
      position jsonb not null,
      last_page_at timestamptz not null default now(),
      completed_at timestamptz,
      session_id text,
      listed bigint
    )`.execute(db);
  // Stage tables carry the first eight digits of the id: they must tell extractions apart.
  await sql`create unique index extraction_short on freshet.extraction (left(id, 8))`.execute(db);
  await sql`create index extraction_open on freshet.extraction (pipeline, entity) where state = 'open'`.execute(db);
}

async function makePages(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.page (
      extraction_id text not null references freshet.extraction (id),
      seq integer not null,
      run_id text not null references freshet.run (id),
      entity text not null,
      kind text not null check (kind in ('list', 'detail')),
      pass integer not null default 1,
      token bigint not null,
      request_digest text not null,
      envelope text not null default '',
      listed integer not null,
      records integer not null,
      bytes bigint not null,
      sha256 text,
      fetched_at timestamptz,
      profile jsonb,
      work_file text,
      batch_n integer,
      file text,
      "offset" bigint,
      length bigint,
      landed_at timestamptz not null default now(),
      primary key (extraction_id, seq)
    )`.execute(db);
  await sql`create index page_of_run on freshet.page (run_id, entity)`.execute(db);
}

async function makeDetailQueue(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.detail_queue (
      extraction_id text not null references freshet.extraction (id),
      record_id text not null,
      cursor_text text,
      cursor_sort bigint,
      state text not null check (state in ('queued', 'done', 'vanished', 'undetailed')),
      tries integer not null default 0,
      primary key (extraction_id, record_id)
    )`.execute(db);
  await sql`
    create index detail_queue_newest_first on freshet.detail_queue (extraction_id, cursor_sort desc nulls last, record_id)
      where state = 'queued'`.execute(db);
}

async function makeBatches(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.batch (
      key text primary key,
      extraction_id text not null references freshet.extraction (id),
      n integer not null,
      run_id text not null references freshet.run (id),
      token bigint not null,
      state text not null check (state in ('planned', 'published', 'loaded')),
      file text not null unique,
      sha256 text,
      records bigint not null default 0,
      bytes bigint not null default 0,
      profile jsonb,
      counts jsonb,
      loaded_by_run text references freshet.run (id),
      batch_no bigint,
      created_at timestamptz not null default now(),
      committed_at timestamptz,
      unique (extraction_id, n)
    )`.execute(db);
}

async function makeWatermarks(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table freshet.watermark (
      pipeline text not null,
      entity text not null,
      partition text not null default '',
      kind text not null check (kind in ('instant', 'integer')),
      text text not null,
      sort bigint not null,
      question text not null,
      carrier_id text,
      carrier_text text,
      extraction_id text,
      reason text not null default '',
      changed_at timestamptz not null default now(),
      primary key (pipeline, entity, partition)
    )`.execute(db);
  await sql`create table freshet.watermark_history (n bigint generated always as identity primary key, like freshet.watermark)`.execute(db);
}

async function keepWatermarkHistory(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function freshet.keep_watermark_history() returns trigger language plpgsql set search_path = pg_catalog as $$
    begin
      if tg_op = 'UPDATE' and new.sort < old.sort and new.question = old.question and new.reason not like 'reset%' then
        raise exception 'freshet: the watermark of %.% cannot go back from % to %', new.pipeline, new.entity, old.text, new.text
          using errcode = 'FR002';
      end if;
      insert into freshet.watermark_history
        (pipeline, entity, partition, kind, text, sort, question, carrier_id, carrier_text, extraction_id, reason, changed_at)
      values
        (new.pipeline, new.entity, new.partition, new.kind, new.text, new.sort, new.question, new.carrier_id, new.carrier_text,
         new.extraction_id, new.reason, clock_timestamp());
      return new;
    end $$`.execute(db);
  await sql`
    create trigger keep_history after insert or update on freshet.watermark
      for each row execute function freshet.keep_watermark_history()`.execute(db);
}
