import type { LoadedSettings } from '../../config/load-settings';
import { loadPipeline } from '../../config/pipeline';
import { FreshetError } from '../../domain/errors';
import { entityNames, sourceOf } from '../../run/run-config';
import { sources } from '../../sources/index';

/** What the demo runs, as config/pipelines has them. */
export const PIPELINES = ['zoho-books', 'square', 'pyerp-products'] as const;

/** The field that both sides change in the demo. */
export const DISPUTED = { entity: 'variants', table: 'variant_products', key: 'sku', field: 'price' } as const;

/**
 * Reads the files of the pipelines before anything is started: they are the user's, and may say something else by now. Errors: `settings-invalid`,
 * `pipeline-unknown`, and `demo-pipeline` where nobody would be asked about the price.
 */
export function requirePipelines(loaded: LoadedSettings): void {
  const entitiesOf = (type: string): readonly string[] | null => entityNames(sourceOf(sources, type));
  const files = PIPELINES.map((name) => loadPipeline(name, { root: loaded.root, sources: loaded.sources, entitiesOf }));
  const chain = files[PIPELINES.indexOf('pyerp-products')]!;
  const publish = chain.pipeline.entities[DISPUTED.entity]?.publish;
  const strategy = publish?.conflict_strategies[DISPUTED.field] ?? publish?.conflict_strategy;
  const there = publish?.table === DISPUTED.table && publish.unique_field === DISPUTED.key && DISPUTED.field in publish.field_mappings;
  if (!there || strategy !== 'manual') throw otherChain(chain.file);
}

function otherChain(file: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'demo-pipeline',
    message: `${file} is not what the demo shows: a price in variant_products that waits for a person when both sides change it`,
    why: 'It needs entity variants with table variant_products, unique_field sku, a target price, and conflict_strategies: { price: manual }.',
    remedy: 'Nothing was started. For the demo, use the file as it was shipped; everything else works with yours.',
    where: file,
  });
}
