import type { EntityDefinition, Source, SourceConnection } from '../source';
import { Legacy4dClient } from './client';
import { LEGACY_4D_LIMITS, legacy4dSettings, PAGE_SIZE } from './settings';

/** Of every record: the time of its last save, how often it was saved, and the database's counter at that save. */
export const STAMPS = ['__TIMESTAMP', '__STAMP', '__GlobalStamp'] as const;

/** A dataclass before the server was asked about it: key `ID`, everything read each time, deletions found by comparing. */
export function dataClassNamed(name: string): EntityDefinition {
  return {
    object: name,
    key: ['ID'],
    recordsPath: ['__ENTITIES'],
    cursor: null,
    incremental: false,
    paging: { kind: 'keyset', field: 'ID', pageSize: PAGE_SIZE },
    order: 'immutable',
    shortPages: true,
    detail: null,
    deletes: { kind: 'sweep', confirmByDetail: true },
    partitions: null,
    settleMs: 0,
    // Stamps are given before the transaction that they belong to is committed: so many may become visible late.
    lag: 1_000,
    version: '__STAMP',
    lineItems: null,
    volatile: STAMPS,
    emptyIsNull: true,
    columns: {},
    lineItemColumns: {},
    priority: 'medium',
    dependsOn: [],
  };
}

/** REST server of a 4D application: its dataclasses are of its own making. Days carry no zone; 4D's servers stand in Germany here. */
export const legacy4d = {
  type: 'legacy-4d',
  title: '4D',
  limits: LEGACY_4D_LIMITS,
  zone: 'Europe/Berlin',
  clock: 'date_header',
  entities: {},
  entityNamed: dataClassNamed,
  open: (connection: SourceConnection) => new Legacy4dClient(legacy4dSettings(connection)),
} as const satisfies Source;
