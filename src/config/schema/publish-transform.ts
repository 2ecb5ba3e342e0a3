import { z } from 'zod';

import {
  COLUMN_TYPES,
  columnSchema,
  constantSchema,
  dateFormatSchema,
  entityNameSchema,
  sourcePathSchema,
  storableTextSchema,
  targetSchema,
} from './names';
import { nullWord } from './null-word';
import { oneOf } from './unknown-name';
import { zoneSchema } from './zone';

/** Targets that are changed where they stand. */
const fields = () => z.array(targetSchema()).min(1, 'at least one target');
/** What becomes of a value that cannot be read: the record is a reject, or the target is NULL and a warning says so. */
const invalid = z.enum(['reject', 'clear']).default('reject');
const words = () => z.array(z.string('a word in quotes').min(1)).max(100);
const zone = () => zoneSchema().optional();

const change = <Name extends string>(transform: Name) => z.strictObject({ transform: z.literal(transform), fields: fields() });

const number = change('number').extend({
  decimal: z.enum(['.', ',']).default('.'),
  /** Between groups of three digits. */
  group: z.enum(['', '.', ',', ' ', "'"]).default(''),
  /** Texts before or behind the number that say nothing more. */
  units: words().default([]),
  invalid,
});

const boolean = change('boolean').extend({ yes: words().optional(), no: words().optional(), invalid });

const date = change('date').extend({
  formats: z.array(dateFormatSchema()).min(1, 'at least one format').optional(),
  zone: zone(),
  invalid,
});

const instant = change('instant').extend({
  formats: z.array(dateFormatSchema()).min(1, 'at least one format').optional(),
  /** Numbers count these since 1970. */
  unix: z.enum(['s', 'ms', 'us']).optional(),
  zone: zone(),
  invalid,
});

const dayAndTime = z.strictObject({
  transform: z.literal('day_and_time'),
  day: sourcePathSchema(),
  /** Milliseconds since the day's beginning, or HH:MM:SS. */
  time: sourcePathSchema(),
  into: targetSchema(),
  zone: zone(),
  invalid,
});

const minorUnits = change('minor_units').extend({
  digits: z.int('a whole number from 0 to 8').min(0, 'a whole number from 0 to 8').max(8, 'a whole number from 0 to 8').optional(),
  /** A field with the currency's code (ISO 4217), which knows its digits. */
  currency: sourcePathSchema().optional(),
});

const concat = z
  .strictObject({
    transform: z.literal('concat'),
    into: targetSchema(),
    from: z.array(sourcePathSchema()).min(1).optional(),
    fields: fields().optional(),
    separator: storableTextSchema().max(20, 'at most 20 characters').default(' '),
  })
  .refine(({ from, fields: targets }) => (from === undefined) !== (targets === undefined), {
    path: ['from'],
    message: 'fields of the source, or fields: targets of this mapping',
  });

const lookup = z
  .strictObject({
    transform: z.literal('lookup'),
    from: sourcePathSchema(),
    entity: entityNameSchema().optional(),
    table: columnSchema().optional(),
    schema: columnSchema().default('public'),
    match: columnSchema(),
    take: columnSchema(),
    into: targetSchema(),
    type: z.enum(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(', ')}`).default('text'),
    missing: nullWord(['pending', 'null', 'reject'], 'pending'),
  })
  .refine(({ entity, table }) => (entity === undefined) !== (table === undefined), {
    path: ['entity'],
    message: 'an entity of this pipeline, or table: any other table',
  });

const translate = change('translate').extend({
  values: z.record(z.string(), z.union([constantSchema(), z.null()], 'text, a number, true, false or null')),
  otherwise: nullWord(['reject', 'keep', 'null'], 'reject'),
});

const dimensions = z.strictObject({
  transform: z.literal('dimensions'),
  /** A text such as `12,5 x 3 x 4 cm`. */
  from: sourcePathSchema(),
  into: z.array(targetSchema()).min(2, 'two or three targets').max(3, 'two or three targets'),
  decimal: z.enum(['.', ',']).default('.'),
  units: words().default([]),
  invalid,
});

/** What a 4D server's families have. */
export const DIMENSION_FIELDS = { length: 'Laenge', width: 'Breite', height: 'Hoehe' } as const;
export const FLAG_FIELDS = { is_active: 'Aktiv', is_hanging: 'Haengend', is_one_sided: 'Einseitig', is_new: 'Neuheit' } as const;

const transformDimensions = z.strictObject({
  transform: z.literal('transform_dimensions'),
  /** Target by source field. Absent: those of DIMENSION_FIELDS that the raw table has. */
  from: z.strictObject({ length: sourcePathSchema(), width: sourcePathSchema(), height: sourcePathSchema() }).partial().optional(),
  /** Text of all three. */
  into: targetSchema().default('dimensions'),
});

const transformBooleanFlags = z.strictObject({
  transform: z.literal('transform_boolean_flags'),
  /** Target by source field. Absent: those of FLAG_FIELDS that the raw table has. */
  flags: z.record(targetSchema(), sourcePathSchema()).optional(),
});

const VARIANTS = [
  change('trim').extend({ collapse: z.boolean('true or false').default(false), empty: nullWord(['keep', 'null'], 'keep') }),
  change('upper'),
  change('lower'),
  change('title'),
  number,
  boolean,
  date,
  instant,
  dayAndTime,
  minorUnits,
  concat,
  lookup,
  translate,
  change('default').extend({ value: constantSchema() }),
  dimensions,
  transformDimensions,
  transformBooleanFlags,
] as const;

const detailed = z.discriminatedUnion('transform', VARIANTS);
export type Transform = z.output<typeof detailed>;
export type TransformName = Transform['transform'];
export type TransformOf<Name extends TransformName> = Extract<Transform, { transform: Name }>;

export const TRANSFORM_NAMES: readonly TransformName[] = VARIANTS.map(({ shape }) => shape.transform.value);

/** Those that need no settings may be written by their name alone. */
const BARE = ['transform_dimensions', 'transform_boolean_flags'] as const;
type Bare = (typeof BARE)[number];
const isBare = (name: string): name is Bare => (BARE as readonly string[]).includes(name);

function bareProblem(name: unknown): string {
  const known = TRANSFORM_NAMES.find((each) => each === name);
  return known === undefined ? oneOf(TRANSFORM_NAMES, name) : `{ transform: ${known}, … } with its settings: ${settingsOf(known)}`;
}

function settingsOf(name: TransformName): string {
  const { shape }: { readonly shape: Readonly<Record<string, z.ZodType>> } = VARIANTS.find((each) => each.shape.transform.value === name)!;
  const needed = Object.entries(shape).filter(([key, schema]) => key !== 'transform' && !schema.safeParse(undefined).success);
  return needed.map(([key]) => key).join(', ');
}

/** Editors know no refinement: the names are told to them apart. */
const bare = z
  .string()
  .refine(isBare, { error: ({ input }) => bareProblem(input) })
  .meta({ enum: [...BARE] });

/** One of `publish.transforms`: a name alone, or with settings. */
export const transformSchema = z.union([bare, detailed]);

export type TransformSetting = z.output<typeof transformSchema>;

/** The transform with all its settings. */
export function transformOf(setting: TransformSetting): Transform {
  return typeof setting === 'string' ? detailed.parse({ transform: setting }) : setting;
}

/** Which targets it changes, and which it makes. */
export function targetsOf(transform: Transform): { readonly changes: readonly string[]; readonly makes: readonly string[] } {
  switch (transform.transform) {
    case 'concat':
      return { changes: transform.fields ?? [], makes: [transform.into] };
    case 'day_and_time':
    case 'lookup':
      return { changes: [], makes: [transform.into] };
    case 'dimensions':
      return { changes: [], makes: transform.into };
    case 'transform_dimensions':
      return { changes: [], makes: [...Object.keys(transform.from ?? DIMENSION_FIELDS), transform.into] };
    case 'transform_boolean_flags':
      return { changes: [], makes: Object.keys(transform.flags ?? FLAG_FIELDS) };
    default:
      return { changes: transform.fields, makes: [] };
  }
}
