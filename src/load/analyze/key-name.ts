/** Last words of names that keys have, the likeliest first. */
const KEY_ENDINGS = [['id', 'uuid', 'guid'], ['key'], ['number', 'no', 'nr', 'num'], ['code', 'sku']] as const;

/** How much a field's name looks like a key's: 0 most, `NO_KEY_NAME` not at all. */
export function keyNameRank(field: string): number {
  const last = wordsOf(field).at(-1) ?? '';
  const rank = KEY_ENDINGS.findIndex((endings) => (endings as readonly string[]).includes(last));
  return rank === -1 ? NO_KEY_NAME : rank;
}

export const NO_KEY_NAME = KEY_ENDINGS.length;

const LOOKS = new Map<string, boolean>();
const MAX_LOOKS = 10_000;

/** Whether the name is one that keys have. Remembered: the same names come with every record. */
export function looksLikeKey(field: string): boolean {
  const known = LOOKS.get(field);
  if (known !== undefined) return known;
  const looks = keyNameRank(field) < NO_KEY_NAME;
  if (LOOKS.size >= MAX_LOOKS) LOOKS.clear();
  LOOKS.set(field, looks);
  return looks;
}

/** `invoiceID`, `Invoice-Id` and `invoice_id` are one name: lower-case, without what parts words. */
export function plainName(field: string): string {
  return field.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function wordsOf(field: string): string[] {
  return field
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
