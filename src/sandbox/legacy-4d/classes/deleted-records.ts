import type { DataClass } from '../data-class';
import { DELETED_RECORDS, storage } from '../data-class';
import { LongKeys } from '../keys';

/** The table that change tracking fills: one row for each deletion. Nothing is seeded. */
export function deletedRecords(seed: number): DataClass {
  const keys = new LongKeys(seed, 9);
  return {
    name: DELETED_RECORDS,
    tableNumber: 9,
    key: 'ID',
    keys,
    seeded: 0,
    attributes: [
      storage('ID', 'long64', (index) => keys.encode(index), { indexed: true }),
      storage('__PrimaryKey', 'string', () => ''),
      storage('__Stamp', 'long64', () => 0, { indexed: true }),
      storage('__TableName', 'string', () => ''),
      storage('__TableNumber', 'long', () => 0),
    ],
  };
}
