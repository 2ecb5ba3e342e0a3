import { decodeRecord, fieldOf, isJsonObject } from '../json/decode';
import type { LandingStore } from '../landing/landing-store';
import { recordHash, recordsOfFile } from '../load/batch-file';
import type { LandedKeys } from '../publish/absent-keys';

/** Asks the landed records of a batch which keys they have. */
export function landedKeys(landing: Pick<LandingStore, 'read'>): LandedKeys {
  return {
    async lacking(file, fields) {
      const lacking = new Map<string, readonly string[]>();
      // Few ways of lacking something, and many records.
      const ways = new Map<string, readonly string[]>();
      for await (const portion of recordsOfFile(file, landing.read(file)).portions) {
        for (const { bytes } of portion) {
          const decoded = decodeRecord(bytes);
          if (!decoded.ok || !isJsonObject(decoded.value)) continue;
          const record = decoded.value;
          const absent = fields.filter((field) => fieldOf(record, field) === undefined);
          if (absent.length === 0) continue;
          const way = absent.join('\0');
          if (!ways.has(way)) ways.set(way, absent);
          lacking.set(recordHash(bytes), ways.get(way)!);
        }
      }
      return lacking;
    },
  };
}
