import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';

/** What runs are marked with, so that Temporal's web page can be searched. A server that does not know them carries runs without. */
export const PIPELINE = defineSearchAttributeKey('FreshetPipeline', SearchAttributeType.KEYWORD);
export const ENTITY = defineSearchAttributeKey('FreshetEntity', SearchAttributeType.KEYWORD);
export const KIND = defineSearchAttributeKey('FreshetKind', SearchAttributeType.KEYWORD);
export const STATUS = defineSearchAttributeKey('FreshetStatus', SearchAttributeType.KEYWORD);

/** Their names, all of type keyword. */
export const MARK_NAMES: readonly string[] = [PIPELINE, ENTITY, KIND, STATUS].map(({ name }) => name);

/** Marks of a run at its start. */
export function runMarks(pipeline: string, kind: string): SearchAttributePair[] {
  return [
    { key: PIPELINE, value: pipeline },
    { key: KIND, value: kind },
    { key: STATUS, value: 'running' },
  ];
}
