import fc from 'fast-check';
import type { Database } from '../../src/database/database';
import { publishSchema } from '../../src/config/schema/publish';
import { compileMapping } from '../../src/publish/mapping/compile-mapping';
import type { Mapping, RawColumn } from '../../src/publish/mapping/mapping';
import { OUTCOMES, type PublishCounts } from '../../src/domain/publish-ledger';
import type { StrategyName } from '../../src/domain/strategies/registry';
import { eventArbitrary, HISTORY_FIELDS, World, type Event } from './history';
import { typedFindings } from '../verify/typed-findings';
import { rawBench, type RawBench, type Values } from './raw-bench';
import type { Result, Rules } from './reference-merge';

/** Stands in a raw table for a key that the source did not send. */
const ABSENT = '~';
const EPOCH = Date.parse('2026-01-01T00:00:00Z');

interface Track {
  readonly id: string;
  readonly world: World;
  readonly events: readonly Event[];
  at: number;
  touched: boolean;
  open: readonly string[];
}

export interface SqlHistories {
  readonly db: Database;
  readonly rules: Rules;
  readonly histories: number;
  readonly seed: number;
  /** How a round is published; absent: as a run does. */
  readonly publish?: (bench: RawBench, wish: { readonly full: boolean }, round: number) => Promise<PublishCounts>;
}

const ROUNDS = 6;

/** Many histories at once, a record each, in one table: after each publish every row, base, conflict and count is the reference's. */
export async function playInSql({ db, rules, histories, seed, publish = asARun }: SqlHistories): Promise<void> {
  const bench = await benchOf(db, rules);
  const events = fc.sample(fc.array(eventArbitrary(HISTORY_FIELDS), { minLength: 6, maxLength: 20 }), { numRuns: histories, seed });
  const tracks = events.map((list, n): Track => ({ id: `r${n}`, world: new World(rules), events: list, at: 0, touched: true, open: [] }));
  for (let round = 0; round <= ROUNDS; round++) {
    if (round > 0) for (const track of tracks) step(track);
    await writeBoth(db, bench, { tracks, first: round === 0 });
    const full = round % 3 === 2;
    const offered = tracks.filter(({ touched }) => full || touched || round === 0);
    const wanted = offered.map((track) => ({ track, result: track.world.publish() }));
    for (const { track, result } of wanted) track.open = result.open;
    const counts = await publish(bench, { full }, round);
    const sum = (outcome: string): number => wanted.filter(({ result }: { result: Result }) => result.outcome === outcome).length;
    expect({ round, ...counts }).toMatchObject({ round, ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum(outcome)])) });
    await compare(db, bench, tracks);
    expect({ round, found: await typedFindings(db, bench.pipeline) }).toEqual({ round, found: [] });
    if (round === 0) await db.query(`alter table ${bench.typed} disable trigger freshet_note_edit`);
    for (const track of tracks) track.touched = false;
  }
}

const asARun: NonNullable<SqlHistories['publish']> = (bench, wish) => bench.publish(wish);

function benchOf(db: Database, rules: Rules): Promise<RawBench> {
  const columns = Object.fromEntries(HISTORY_FIELDS.map((name) => [name, 'text' as const]));
  const settings = publishSchema.parse({
    table: 'things',
    unique_field: 'key',
    field_mappings: Object.fromEntries(['key', ...HISTORY_FIELDS].map((name) => [name, name])),
  });
  const compile = (raw: readonly RawColumn[]): Mapping => {
    const mapping = compileMapping(settings, raw, { zone: 'UTC', published: {} });
    return { ...mapping, map: (source) => mapping.map(source.map((cell) => (cell === ABSENT ? undefined : cell))) };
  };
  return rawBench(db, {
    columns,
    target: { strategy: rules.strategy as StrategyName, deletes: rules.deletes as 'flag', updateExisting: rules.updateExisting },
    input: { compile },
  });
}

/** Everything up to the track's next publish. */
function step(track: Track): void {
  for (; track.at < track.events.length; track.at++) {
    const event = track.events[track.at]!;
    if (event.kind === 'publish') break;
    if (track.world.happen(event) && event.kind.startsWith('source')) track.touched = true;
  }
  track.at++;
}

/** The worlds' sources into the raw table, and their targets, as people left them, into the typed one. */
async function writeBoth(db: Database, bench: RawBench, { tracks, first }: { tracks: readonly Track[]; first: boolean }): Promise<void> {
  const touched = tracks.filter(({ touched: was }) => was);
  const records = touched.map(({ id, world }): Values & { id: string } => ({
    id,
    key: id,
    ...Object.fromEntries(HISTORY_FIELDS.map((name) => [name, name in world.source ? world.source[name]! : ABSENT])),
  }));
  await bench.put(records);
  const gone = touched.filter(({ world }) => world.gone).map(({ id }) => id);
  if (gone.length > 0) await bench.remove(...gone);
  const instants = touched.map(({ id, world }) => ({ id, at: new Date(EPOCH + world.touchedAt().source * 1000).toISOString() }));
  await db.query(
    `update ${bench.raw} r set source_instant = v.at from jsonb_to_recordset($1::jsonb) as v (id text, at timestamptz) where v.id = r.id`,
    [JSON.stringify(instants)],
  );
  if (first) return;
  await db.query(`delete from ${bench.typed} where source_id = any ($1::text[])`, [
    tracks.filter(({ world }) => world.target === null).map(({ id }) => id),
  ]);
  const people = tracks.flatMap(({ id, world }) => {
    const { person } = world.touchedAt();
    const at = person < 0 ? null : new Date(EPOCH + person * 1000).toISOString();
    return world.target === null ? [] : [{ id, at, flagged: world.target.flagged, ...world.target.values }];
  });
  await db.query(
    `update ${bench.typed} t set ${HISTORY_FIELDS.map((name) => `"${name}" = v."${name}"`).join(', ')}, edited_at = v.at,
            deleted_at = case when v.flagged then coalesce(t.deleted_at, now()) end
       from jsonb_to_recordset($1::jsonb) as v (id text, at timestamptz, flagged boolean, ${HISTORY_FIELDS.map((name) => `"${name}" text`).join(', ')})
      where t.source_id = v.id`,
    [JSON.stringify(people)],
  );
}

async function compare(db: Database, bench: RawBench, tracks: readonly Track[]): Promise<void> {
  const fields = HISTORY_FIELDS.map((name) => `"${name}"`).join(', ');
  const typed = await db.query<Record<string, unknown>>(
    `select source_id as id, ${fields}, deleted_at is not null as flagged from ${bench.typed}`,
  );
  const wantedTyped = tracks.flatMap(({ id, world }) =>
    world.target === null ? [] : [{ id, ...world.target.values, flagged: world.target.flagged }],
  );
  expect(byId(typed)).toEqual(byId(wantedTyped));
  const [place] = await db.query<{ id: string }>(`select id from freshet.published_table where pipeline = $1`, [bench.pipeline]);
  const base = await db.query<Record<string, unknown>>(
    `select freshet_id as id, freshet_state as state, ${fields} from freshet_base."t_${place!.id}"`,
  );
  expect(byId(base)).toEqual(byId(tracks.map(({ id, world }) => ({ id, state: world.base.state, ...world.base.values }))));
  const open = await db.query<{ id: string }>(
    `select record_id || '/' || field as id from freshet.conflict where pipeline = $1 and state = 'open'`,
    [bench.pipeline],
  );
  expect(open.map(({ id }) => id).sort()).toEqual(
    tracks.flatMap(({ id, open: fieldsOpen }) => fieldsOpen.map((name) => `${id}/${name}`)).sort(),
  );
}

function byId(rows: readonly Record<string, unknown>[]): Map<unknown, unknown> {
  return new Map([...rows].sort((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1)).map((row) => [row['id'], row]));
}
