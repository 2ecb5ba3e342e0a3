import { FreshetError } from '../domain/errors';

/** `--key invoices=invoice_id`, once for each entity: the fields that tell its records apart. Errors: `key-flag`. */
export function namedKeys(given: readonly string[] = []): Map<string, readonly string[]> {
  return new Map(
    given.map((text) => {
      const [entity = '', fields = ''] = text.split(/=(.*)/s);
      const names = fields.split(',').map((name) => name.trim());
      if (entity.trim() !== '' && names.every((name) => name !== '')) return [entity.trim(), names] as const;
      throw new FreshetError('config_error', {
        code: 'key-flag',
        message: `--key ${text} names no entity and field`,
        remedy: 'Write it as --key invoices=invoice_id, several fields as --key prices=item,currency.',
      });
    }),
  );
}
