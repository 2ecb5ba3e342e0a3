/** What each setting means, in one sentence: for docs/settings.md, .env.example, and editors. A test compares the keys with the schema. */
export const SETTING_MEANINGS: Readonly<Record<string, string>> = {
  home: 'Folder of the embedded stack and of what freshet keeps on disk. Absent: `.freshet` in the project.',
  source_environment: 'Which of a source’s environments is read.',
  secret_key:
    'Needed, beside the credentials of a source, to open its access token in PostgreSQL; the same for all workers. Absent: the credentials are enough.',
  secret_key_file: 'A file that holds it, instead.',
  'database.url': 'PostgreSQL to use. Absent: the embedded server that `freshet up` starts. Never in a file with its password.',
  'database.pool.size': 'Connections of a worker at most.',
  'database.pool.idle': 'After this long without use a connection is closed.',
  'database.timeouts.connect': 'How long a connection may take to come about.',
  'database.timeouts.statement': 'How long one statement may take.',
  'database.timeouts.idle_in_transaction': 'After this long PostgreSQL ends a transaction in which nothing happens.',
  'temporal.address':
    'Temporal to use. Absent: the embedded server. TLS files and API keys come from Temporal’s own variables (TEMPORAL_…) or profile file.',
  'temporal.namespace': 'Namespace of the runs.',
  'temporal.task_queue': 'Task queue of the workers. Absent: `freshet-<environment>`.',
  'landing.path': 'Folder of what the sources said, byte for byte. Absent: `landing` inside home.',
  'reports.path': 'Folder of the run reports. Absent: `reports` in the project.',
  'logging.level': 'Least level that servers log; commands log warnings, with -v more.',
  'logging.pretty': 'Log lines for people instead of JSON; auto: on a terminal, and for the warnings of commands without --json.',
  'worker.profile': '`chaos` shortens the timeouts for the kill tests; single values still win.',
  'worker.max_concurrent_activities': 'Pieces of work that a worker does at once.',
  'worker.load_threads':
    'Threads that parse a batch of 8 MB or more, in a worker and in a run with --local; 0: it is parsed in the main thread.',
  'worker.shutdown_grace': 'How long a worker that is told to stop may finish what it does.',
  'worker.cached_workflows':
    'Workflows kept in memory between two of their steps; 0: every step begins from Temporal’s history. More saves little, and must not be used where Temporal’s database may be restored from an older copy while the worker lives.',
  'worker.sticky_timeout': 'Where workflows are kept in memory: after this long Temporal gives a run’s next step to another worker.',
  'worker.workflow_task_timeout': 'How long one step of a workflow may take.',
  'worker.heartbeat.timeout': 'Without a sign of life for this long an attempt counts as dead, and another worker goes on.',
  'worker.heartbeat.throttle': 'Signs of life at most this often; also how soon a cancel is heard.',
  'worker.retry.first_interval': 'Pause before the first new attempt.',
  'worker.retry.max_interval': 'Longest pause between two attempts.',
  'sync_pipeline.default_cutoff_days': 'Days that `--cutoff-days` without a number means.',
  'sync_pipeline.max_parallel_entities': 'Entities of a run that are read at once.',
  'sync_pipeline.slice.pages': 'A piece of work ends after this many pages,',
  'sync_pipeline.slice.seconds': '… or after this many seconds,',
  'sync_pipeline.slice.bytes': '… or after this many bytes, whichever comes first.',
  'sync_pipeline.batch.records': 'Records of a batch at most; a batch is landed and loaded by itself.',
  'sync_pipeline.batch.bytes': 'Bytes of a batch at most.',
  'sync_pipeline.batch.detail_calls': 'Detail calls of a batch at most.',
  'sync_pipeline.detail_page': 'Detail answers that are stored together; at most so many are fetched again after a crash.',
  'sync_pipeline.full_every':
    'How often an incremental entity is listed completely, so that nothing missed stays missed. A pipeline file can say otherwise.',
  'sync_pipeline.adopt_for': 'How long an unfinished read may be continued by a later run.',
  'sync_pipeline.give_up_after':
    'Without progress for this long an entity fails. Absent: a scheduled run tries until its next time comes, any other run for 12 hours.',
  'monitor.every': 'Time between two rounds of healing and judging.',
  'monitor.worker_gone_after': 'Without a worker’s sign of life for this long there is an alarm.',
  'monitor.temporal_gone_after': 'Without an answer of Temporal for this long there is an alarm.',
  'monitor.lost_after': 'An active run whose workflow is gone for this long is started again; one whose workflow was closed is ended.',
  'monitor.missed_after': 'A nominal time of a schedule without a run for this long was missed.',
  'monitor.stuck_after': 'An active run without progress for this long, its waits not counted, is an alarm.',
  'freshness.max_age':
    'Older tables of scheduled pipelines, and tables loaded from files, are stale, where no pipeline file names a limit. Absent: 24 hours for daily schedules and for files, else twice the interval.',
  'alerts.webhook_url': 'Alarms are posted here as JSON. Absent: they are logged and shown. The address counts as a secret.',
  'stages.extract': 'Off: nothing is asked of any source; runs are skipped, loads of files go on.',
  'stages.load': 'Off: runs fetch and land, and are then held; the next run with it on goes on from there. `load` is refused.',
  'stages.verify': 'Off: a run checks its ledger only, not what stands in the tables; `verify --deep` is there all the same.',
  'stages.report': 'Off: runs write no report folder.',
  'stages.notify': 'Off: alarms are kept and shown, and posted nowhere.',
  'extract.cutoff_days':
    'Ask the sources for nothing older than so many days: every read is then a partial one, which deletes nothing. Absent: no cut-off.',
  'load.input': 'Which input of its folder `load` reads; `auto`: sessions, else consolidated files, else the files of the folder.',
  'load.prefer_sessions': 'Whether `auto` looks for sessions before consolidated files.',
  'load.path': 'Folder that `load` and `analyze` read; absent: landing.',
  'load.deletes.max_count': 'So many rows may be deleted at once because a complete read lacks them; more need `--approve-deletes`.',
  'load.deletes.max_percent': 'Share of the living rows that may be deleted at once; both bounds must be exceeded.',
  'load.cutoff_days': 'Sessions older than so many days are not loaded, once a cut-off is asked for (`--cutoff-days`).',
  'load.session_max_age': 'Hours; picks the sessions where no cut-off is asked for.',
  'load.skip_table_creation':
    'A load, of files or of a source, neither makes nor changes a table: where one is missing or lacks a column, its entity fails and says what it needs. See docs/load.md.',
  'load.batch_size': 'Records that a load turns into rows and hands to PostgreSQL at once, at most; fewer where they are long.',
  'load.memory_limit':
    'What a load may hold in memory beside the process itself; a single record may have an eighth of it. See docs/load.md.',
};

/** What the components' own log levels mean; one sentence for all of them. */
export const COMPONENT_LEVEL = 'Level of this component alone.';

/** The meaning of a setting by its dotted path. */
export function meaningOf(key: string): string | undefined {
  return key.startsWith('logging.components.') ? COMPONENT_LEVEL : SETTING_MEANINGS[key];
}

/** Meanings of the keys of a pipeline file; `*` stands for an entity’s name. */
export const PIPELINE_MEANINGS: Readonly<Record<string, string>> = {
  name: 'As the file is called, without .yaml.',
  enabled: 'Off: it does not run; its schedule’s times are skipped with that reason.',
  description: 'What it is for, for those who read the status.',
  owner: 'Whom to ask.',
  source: 'A key of config/sources.yaml.',
  schedule: 'When it runs by itself: { frequency: daily, time: "02:00", timezone: Europe/Berlin } or { every: 15m }.',
  reconcile:
    'How long after the last comparison with the source a scheduled run is followed by one: { every: 7d }; { every: 7d, fix: true } fetches what differs, too.',
  after: 'Pipelines that come first.',
  fresh_for: 'The same for all entities: so long after a good read a run skips them as fresh. Absent: every run reads.',
  entities: 'What is read, by the name of the table it becomes.',
  'entities.*.enabled': 'Off: it is not read; what depends on it runs against what its table holds.',
  'entities.*.from': 'The source’s own name of the object, where it differs.',
  'entities.*.priority': 'Order of the start among those that are ready.',
  'entities.*.depends_on': 'Entities that are loaded first.',
  'entities.*.run_if': 'What must have become of them.',
  'entities.*.filters': 'What to ask the source for; other records are not read.',
  'entities.*.incremental': 'How changes are found.',
  'entities.*.fresh_for':
    'A table whose last good read began less long ago is skipped as fresh, unless the run was asked for with --force; 0s: never. Absent: that of the pipeline.',
  'entities.*.details': 'Fetch each changed record by itself, with its line items.',
  'entities.*.details_every': 'How often unchanged records are fetched again.',
  'entities.*.schema_policy': 'What a new or wider column does: evolve adds it, hold stops the entity, reject refuses the records.',
  'entities.*.columns': 'Columns of your own in the raw table, by name: made with their defaults, never written by a load.',
  'entities.*.validation':
    'Rules that every record must keep to: { field, rule, … }; one that breaks any is a reject, with every reason. See docs/rules-and-rejects.md.',
  'entities.*.reject_budget':
    'Above it nothing of a batch is loaded and the entity is held: { count, share }, both passed; or none. Absent: 1000 records and a fifth of the batch.',
  'entities.*.skip_existing': 'Insert only: rows that the table has are left alone and counted as skipped.',
  'entities.*.publish': 'The typed table made of it. See docs/publish-mapping.md.',
  'entities.*.publish.schema': 'PostgreSQL schema of the typed table.',
  'entities.*.publish.table': 'The typed table.',
  'entities.*.publish.unique_field': 'The target that tells rows apart.',
  'entities.*.publish.conflict_strategy': 'Who wins where source and target changed the same field.',
  'entities.*.publish.conflict_strategies': 'The same for single targets.',
  'entities.*.publish.update_existing': 'false: rows that are there are left alone.',
  'entities.*.publish.deletes': 'What a deletion at the source does to the row: flag, delete, keep.',
  'entities.*.publish.missing':
    'What an absent key of the source does: keep leaves the target alone, null clears it, reject refuses the record.',
  'entities.*.publish.field_mappings':
    'target: source. A field, a path into JSON such as address.city, { from: field, default, type, optional } or { value: constant }.',
  'entities.*.publish.references': 'target: { entity, field }: the row of another entity’s typed table that the target names.',
  'entities.*.publish.transforms': 'What happens to values on their way, one after the other: a name, or { transform: name, … }.',
  'entities.*.publish.validation_rules':
    'What every row must keep to: { field, rule, … }; one that breaks any is a reject, with every reason.',
};
