import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Legacy4dSandbox, Legacy4dOptions } from '../../src/sandbox/legacy-4d';
import { installLegacy4d, type InstallationOf } from '../support/installation';

export type Installed = InstallationOf<Legacy4dSandbox>;

export interface ChainOptions {
  readonly databaseUrl: string;
  readonly sandbox?: Partial<Legacy4dOptions>;
  /** Lines of YAML under `publish:` of an entity, beside its mapping. */
  readonly publish?: Readonly<Partial<Record<'categories' | 'parents' | 'variants', string>>>;
}

/** The product chain of a 4D server, published: categories, their parents, and the variants of these. */
export async function installChain({ databaseUrl, sandbox = {}, publish = {} }: ChainOptions): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-chain-'));
  const file = join(folder, 'chain.yaml');
  writeFileSync(file, chainYaml(publish));
  return installLegacy4d({ databaseUrl, pipeline: file, sandbox: { seed: 5, freeze: true, ...sandbox } });
}

export function chainYaml(publish: NonNullable<ChainOptions['publish']> = {}): string {
  const more = (entity: keyof typeof publish): string =>
    publish[entity] === undefined ? '' : `\n      ${publish[entity].replaceAll('\n', '\n      ')}`;
  return `name: chain
source: pyerp
entities:
  categories:
    from: Artikel_Kategorie
    publish:
      table: categories
      unique_field: legacy_id
      field_mappings: { legacy_id: Kategorie_ID, name: Bezeichnung }${more('categories')}
  parents:
    from: Artikel_Familie
    depends_on: [categories]
    publish:
      table: parent_products
      unique_field: sku
      field_mappings: { sku: Art_Nr, legacy_id: Familie_ID, name: Bezeichnung, name_en: Bezeichnung_EN, weight: Gewicht, active: Aktiv, category: Kategorie_ID }
      references: { category: { entity: categories } }${more('parents')}
  variants:
    from: Artikel_Variante
    depends_on: [parents]
    publish:
      table: variant_products
      unique_field: sku
      field_mappings: { sku: Art_Nr, legacy_id: Variante_ID, family: Familie_ID, name: Bezeichnung, price: Preis_VK, stock: Bestand }${more('variants')}
`;
}

/** A row of the ledger, without what differs from run to run. */
export async function ledgerOf(at: Installed, runId: string, entity: string): Promise<Record<string, number | string | null>> {
  const [row] = await at.db.query<Record<string, string | null>>(
    `select changed, retried, created, updated, restored, deleted, unchanged, skipped, conflict, pending, rejected, decided, full_reason
       from freshet.publish_ledger where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, name === 'full_reason' ? value : Number(value)]));
}
