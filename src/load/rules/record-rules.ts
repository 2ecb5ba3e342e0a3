import type { ValidationRule, ValueRule } from '../../config/schema/validation-rule';
import { fieldOf, isJsonObject, type JsonObject, type JsonValue } from '../../json/decode';
import { shownValue, type Reason } from '../reason';
import { RULES, type Check } from './registry';

interface RecordRule extends Check {
  readonly rule: ValueRule;
  /** `line_items[].rate` is field `rate` of the objects in `line_items`; of a field of the record itself `list` is `null`. */
  readonly list: string | null;
  readonly field: string;
}

export interface RuleReading {
  readonly zone: string;
  readonly emptyIsNull: boolean;
}

/** The rules of an entity that a record can break by itself, ready to be asked. Foreign keys are checked in the merge. */
export class RecordRules {
  private readonly rules: readonly RecordRule[];

  constructor(
    rules: readonly ValidationRule[],
    private readonly reading: RuleReading,
  ) {
    this.rules = rules.flatMap((rule) => (rule.rule === 'foreign_key' ? [] : [recordRule(rule, reading.zone)]));
  }

  /** Every rule that the record breaks, in the order of the settings. */
  broken(record: JsonObject): Reason[] {
    return this.rules.flatMap((rule) => {
      const { list, field } = rule;
      if (list === null) return this.ask(rule, fieldOf(record, field), field);
      const items = fieldOf(record, list);
      if (!Array.isArray(items)) return [];
      return (items as readonly JsonValue[]).flatMap((item, index) =>
        isJsonObject(item) ? this.ask(rule, fieldOf(item, field), `${list}[${index}].${field}`) : [],
      );
    });
  }

  private ask({ rule, expected, holds }: RecordRule, value: JsonValue | undefined, field: string): Reason[] {
    const none = value === undefined || value === null || (value === '' && this.reading.emptyIsNull);
    if (none ? rule.rule !== 'required' : holds(value)) return [];
    const shown = value === undefined ? 'absent' : shownValue(value);
    return [{ rule: rule.rule, field, value: shown, expected, message: rule.error_message ?? `${field} is ${shown}, not ${expected}` }];
  }
}

function recordRule(rule: ValueRule, zone: string): RecordRule {
  const [first = '', second] = rule.field.split('[].');
  const place = second === undefined ? { list: null, field: first } : { list: first, field: second };
  // Each maker takes the rule of its own name; the compiler does not see that the two go together.
  const make = RULES[rule.rule] as (rule: ValueRule, zone: string) => Check;
  return { rule, ...place, ...make(rule, zone) };
}
