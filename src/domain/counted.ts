/** A count with groups: `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 entity`, `2 entities`. */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
