import type { Tx } from '../../database/database';
import { FINAL_ENTITY_STATES } from '../../domain/run';
import { isFreshetError } from '../../domain/errors';
import type { LandingStore } from '../../landing/landing-store';
import type { DeepEntity } from './deep-entity';
import type { Findings, Subject } from './violation';

interface ClosedRow {
  id: string;
  session_id: string;
  state: 'open' | 'complete' | 'abandoned';
  records: string;
  batches: string;
  /** Batches whose files lie in another session: an earlier run landed them. */
  elsewhere: string;
  /** SHA-256 by file of its batches; against PostgreSQL's the files themselves are checked. */
  sums: Readonly<Record<string, string | null>>;
}

/**
 * Invariant 6, the metadata beside a session's files: it says `complete: true` exactly where the extraction is complete and all in this session,
 * and counts the batches and records that PostgreSQL knows.
 */
export async function checkSessionMetadata(
  tx: Tx,
  findings: Findings,
  scope: { landing: LandingStore; entity: DeepEntity },
): Promise<void> {
  const { landing, entity } = scope;
  const extractions = await tx.query<ClosedRow>(
    `select x.id, x.session_id, x.state, coalesce(sum(b.records), 0) as records, count(b.key) as batches,
            count(b.key) filter (where not starts_with(b.file, 'sync_sessions/' || x.session_id || '/')) as elsewhere,
            coalesce(jsonb_object_agg(b.file, b.sha256) filter (where b.key is not null), '{}') as sums
       from freshet.extraction x left join freshet.batch b on b.extraction_id = x.id and b.state <> 'planned'
       left join freshet.run_entity re on re.run_id = x.owner_run and re.entity = x.entity
      where x.pipeline = $1 and x.entity = $2 and x.session_id is not null and (x.state = 'abandoned' or re.state is null or re.state = any ($3))
      group by x.id order by x.started_at_db`,
    [entity.pipeline, entity.entity, FINAL_ENTITY_STATES],
  );
  for (const extraction of extractions) {
    const where = `sync_sessions/${extraction.session_id}/sync_metadata_${entity.entity}.json`;
    const subject: Subject = { invariant: 6, name: 'session-metadata', entity: entity.label, where };
    const fault = metadataFault(extraction, await readText(landing, where));
    if (fault !== null) findings.found(subject, `${where} ${fault}`);
  }
  findings.looked({ invariant: 6, name: 'session-metadata', entity: entity.label }, extractions.length);
}

/** What is wrong with a session's metadata; `null` when nothing is. Another extraction's metadata in the same place says nothing of this one. */
export function metadataFault(extraction: ClosedRow, text: string | null): string | null {
  const complete = extraction.state === 'complete';
  if (text === null) return complete ? `is missing, although extraction ${extraction.id} is complete` : null;
  const said = parse(text);
  if (said === null) return 'is no JSON object';
  if (said['extraction'] !== extraction.id) return null;
  const whole = complete && Number(extraction.elsewhere) === 0;
  if ((said['complete'] === true) !== whole)
    return `says complete: ${String(said['complete'])}, while extraction ${extraction.id} is ${extraction.state}${whole || !complete ? '' : ', partly in other sessions'}`;
  if (!complete) return null;
  const counted = Array.isArray(said['batches']) ? said['batches'].length : null;
  if (counted !== Number(extraction.batches))
    return `batches it counts: ${counted ?? 'none'}, extraction ${extraction.id} has ${extraction.batches}`;
  if (said['records'] !== Number(extraction.records))
    return `records it counts: ${String(said['records'])}, extraction ${extraction.id} has ${extraction.records}`;
  return checksumFault(extraction, said['batches'] as readonly unknown[]);
}

function checksumFault({ sums }: ClosedRow, batches: readonly unknown[]): string | null {
  const known = new Map(Object.entries(sums));
  for (const batch of batches) {
    const { file, sha256 } = (batch ?? {}) as { file?: unknown; sha256?: unknown };
    if (typeof file !== 'string' || !known.has(file)) return `names the file ${JSON.stringify(file)}, which is of no batch of it`;
    if (sha256 !== known.get(file)) return `says SHA-256 ${String(sha256)} of ${file}, which has ${known.get(file) ?? 'none'}`;
  }
  return null;
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function readText(landing: LandingStore, key: string): Promise<string | null> {
  try {
    const parts: Uint8Array[] = [];
    for await (const part of landing.read(key)) parts.push(part);
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    if (isFreshetError(error) && error.code === 'landing-file-missing') return null;
    throw error;
  }
}
