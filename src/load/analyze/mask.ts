const MAX_LENGTH = 40;

/** The shape of a value, without the value: letters become `x`, digits `9`, everything that is not plain ASCII `x`. At most 40 characters. */
export function masked(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_LENGTH + 2)];
  const mask = characters.slice(0, MAX_LENGTH).map(maskOf).join('');
  return characters.length > MAX_LENGTH ? `${mask.slice(0, MAX_LENGTH - 1)}…` : mask;
}

function maskOf(character: string): string {
  if (/\p{N}/u.test(character)) return '9';
  return /^[ -~]$/.test(character) && !/[A-Za-z]/.test(character) ? character : 'x';
}
