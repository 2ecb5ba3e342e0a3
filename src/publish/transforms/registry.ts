import {
  transformOf,
  type Transform,
  type TransformName,
  type TransformOf,
  type TransformSetting,
} from '../../config/schema/publish-transform';
import type { RowPlan } from '../mapping/row-plan';
import { boolean, transformBooleanFlags } from './boolean';
import { date, instant } from './date';
import { dayAndTime } from './day-and-time';
import { dimensions, transformDimensions } from './dimensions';
import { lookup } from './lookup';
import { minorUnits, number } from './number';
import { changeTexts, concat, otherwise, titleCase, translate, trim } from './text';

type Compile<Name extends TransformName> = (plan: RowPlan, settings: TransformOf<Name>, path: string) => void;

/** Every transform by its name in pipeline files: it adds to the plan what it does to each row. `path` is its place below `publish`. */
export const TRANSFORMS: { readonly [Name in TransformName]: Compile<Name> } = {
  trim,
  upper: (plan, settings, path) => changeTexts(plan, settings, path, (text) => text.toUpperCase()),
  lower: (plan, settings, path) => changeTexts(plan, settings, path, (text) => text.toLowerCase()),
  title: (plan, settings, path) => changeTexts(plan, settings, path, titleCase),
  number,
  boolean,
  date,
  instant,
  day_and_time: dayAndTime,
  minor_units: minorUnits,
  concat,
  lookup,
  translate,
  default: otherwise,
  dimensions,
  transform_dimensions: transformDimensions,
  transform_boolean_flags: transformBooleanFlags,
};

/** Adds the transforms in the order of the file: each sees what the ones before it made. */
export function addTransforms(plan: RowPlan, settings: readonly TransformSetting[]): void {
  for (const [index, setting] of settings.entries()) {
    const transform = transformOf(setting);
    // Each takes the settings of its own name; the compiler does not see that the two go together.
    const compile = TRANSFORMS[transform.transform] as (plan: RowPlan, settings: Transform, path: string) => void;
    compile(plan, transform, `transforms.${index}`);
  }
}
