import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../config/project-folder';
import { withVariables } from '../errors/remedies/remedy';
import { documentOf, freshet } from './in-process';

/** Two typed tables made of JSON files: groups, and gadgets that belong to them. */
export const PIPELINE = `name: json2db
source: json-files
entities:
  groups:
    publish:
      table: typed_groups
      unique_field: code
      field_mappings: { code: group_id, label: label }
  gadgets:
    depends_on: [groups]
    reject_budget: none
    publish:
      table: typed_gadgets
      unique_field: sku
      conflict_strategies: { name: manual }
      field_mappings: { sku: gadget_id, name: name, price: { from: price, type: numeric }, sold: { from: sold, type: date, optional: true }, group_code: { from: group, type: text } }
      references: { group_code: { entity: groups } }
      validation_rules:
        - { field: sku, rule: sku_format, error_message: No SKU of ours }
        - { field: name, rule: not_empty }
        - { field: price, rule: range, min: 0, severity: warning, error_message: A price is never negative }
`;

export interface Gadget {
  readonly gadget_id: string;
  readonly name?: string | null;
  readonly price?: number | string;
  readonly group?: string;
  readonly sold?: string;
}

export type Document = ReturnType<typeof documentOf>;

/** A project of files whose commands run in this process until `close`. */
export interface PublishedFiles {
  readonly folder: string;
  /** Writes the pipeline file anew. */
  pipeline(text: string): void;
  /** Loads these records, and publishes them. */
  load(gadgets: readonly Gadget[], groups?: readonly { readonly group_id: string; readonly label: string }[]): Promise<Document>;
  close(): void;
}

export function publishedFiles(databaseUrl: string): PublishedFiles {
  const here = process.cwd();
  const folder = projectFolder({ 'config/pipelines/json2db.yaml': PIPELINE });
  const restore = withVariables({
    FRESHET_ENV: 'test',
    FRESHET_HOME: folder,
    FRESHET_REPORTS_PATH: join(folder, 'reports'),
    DATABASE_URL: databaseUrl,
  });
  process.chdir(folder);
  let n = 0;
  return {
    folder,
    pipeline: (text) => writeFileSync(join(folder, 'config/pipelines/json2db.yaml'), text),
    async load(gadgets, groups) {
      const input = join(folder, `files-${(n += 1)}`);
      mkdirSync(input);
      writeFileSync(join(input, 'gadgets.json'), JSON.stringify(gadgets));
      if (groups !== undefined) writeFileSync(join(input, 'groups.json'), JSON.stringify(groups));
      const more = groups === undefined ? [] : ['--key', 'groups=group_id'];
      const said = await freshet('load', '--dir', input, '--key', 'gadgets=gadget_id', ...more, '--local', '--json');
      return documentOf(said);
    },
    close() {
      process.chdir(here);
      restore();
    },
  };
}
