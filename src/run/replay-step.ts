import { readReplay, type ReplaySource } from '../database/replay-records';
import type { SliceOutcome } from '../extract/extract-slice';
import type { FileReader } from '../extract/import-file';
import { importFiles } from '../extract/import-files';
import { landedRecord } from '../landing/landed-record';
import type { StageContext } from '../observability/stage-context';
import type { FileStep, FileStepDeps } from './file-steps';

/** Records handed over at once. */
const PORTION = 100;

/**
 * What extraction is to a replay: the rejects, mended or as they were, become files of the run's session, one for each time at which
 * they were fetched; so newer rows stay newer. They load as any other file does.
 */
export async function replayStep(
  deps: FileStepDeps,
  { config, entity, facts }: Omit<FileStep, 'load'>,
  ctx: StageContext,
): Promise<SliceOutcome> {
  const parts = partsOf(await readReplay(deps.db, facts.runId, entity.name));
  return importFiles(
    { ...deps, reader: readerOf(deps, parts) },
    {
      runId: facts.runId,
      sessionId: facts.sessionId,
      pipeline: config.pipeline.name,
      entity: entity.name,
      slice: config.settings.sync_pipeline.slice,
      files: [...parts].map(([key, records]) => ({ key, at: records[0]!.at })),
      lineItems: entity.definition.lineItems?.field ?? null,
    },
    ctx,
  );
}

type Parts = ReadonlyMap<string, readonly ReplaySource[]>;

function partsOf(records: readonly ReplaySource[]): Parts {
  const parts = new Map<string, ReplaySource[]>();
  for (const record of records) {
    const key = `rejects, part ${record.part}`;
    parts.set(key, [...(parts.get(key) ?? []), record]);
  }
  return parts;
}

function readerOf({ landing }: FileStepDeps, parts: Parts): FileReader {
  return {
    async *read(key) {
      const records = parts.get(key) ?? [];
      for (let from = 0; from < records.length; from += PORTION) {
        yield await Promise.all(
          records.slice(from, from + PORTION).map(async ({ record, file, offset, length, record_sha256: sha256 }) => ({
            bytes:
              record === null
                ? await landedRecord(landing, { file, offset: Number(offset), length: Number(length), sha256 })
                : Buffer.from(record),
          })),
        );
      }
    },
  };
}
