import type { EntityDefinition } from '../sources/source';

/** What the loader needs to know of an entity; it never asks which source it comes from. */
export type LoadDefinition = Pick<
  EntityDefinition,
  'key' | 'cursor' | 'version' | 'lineItems' | 'volatile' | 'emptyIsNull' | 'columns' | 'lineItemColumns' | 'settleMs'
>;

/**
 * Number of the loader's own format, part of both hashes: raised when the same bytes would be stored differently,
 * so that every record is looked at once more.
 */
export const LOAD_FORMAT = 'freshet load 1\n';
