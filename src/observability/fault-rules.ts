import { constants } from 'node:os';

import { FreshetError } from '../domain/errors';

/** What a fault specification asks for. `hit` counts from 1. */
export type FaultRule =
  | {
      readonly kind: 'kill' | 'stop';
      readonly site: string | undefined;
      readonly hit: number;
    }
  | {
      readonly kind: 'error';
      readonly site: string;
      readonly hit: number;
      readonly code: string;
    }
  | { readonly kind: 'trace'; readonly file: string }
  | { readonly kind: 'seed'; readonly seed: number };

const FORMS = 'kill:<site>:<n>, kill@<n>, stop:<site>:<n>, error:<site>:<n>[:<errno code>], trace:<file>, seed:<n>';

function refuse(rule: string, why: string): never {
  throw new FreshetError('config_error', {
    code: 'faults-spec',
    message: `The fault rule "${rule}" is not understood: ${why}`,
    remedy: `Correct FRESHET_FAULTS, or unset it. Rules, joined by commas: ${FORMS}.`,
    where: 'FRESHET_FAULTS',
  });
}

function counted(rule: string, text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,8}$/.test(text)) refuse(rule, 'it needs a count from 1');
  return Number(text);
}

function siteRule(rule: string, sites: readonly string[] | undefined): FaultRule {
  const [kind, site = '', count, code = 'EIO'] = rule.split(':');
  if (site === '') refuse(rule, 'it names no site');
  if (sites !== undefined && !sites.includes(site)) refuse(rule, `there is no fault site "${site}"`);
  const hit = counted(rule, count);
  if (kind === 'kill' || kind === 'stop') return { kind, site, hit };
  if (kind !== 'error') refuse(rule, 'there is no such rule');
  if (!Object.hasOwn(constants.errno, code)) refuse(rule, `${code} is no errno code`);
  return { kind, site, hit, code };
}

function parseRule(rule: string, sites: readonly string[] | undefined): FaultRule {
  if (rule.startsWith('kill@')) return { kind: 'kill', site: undefined, hit: counted(rule, rule.slice(5)) };
  if (rule.startsWith('trace:') && rule.length > 6) return { kind: 'trace', file: rule.slice(6) };
  if (rule.startsWith('seed:')) return { kind: 'seed', seed: counted(rule, rule.slice(5)) };
  return siteRule(rule, sites);
}

/** The rules of a specification such as `kill:landing.after-rename:2,trace:hits.log`; a mistake is a config_error. */
export function parseFaultRules(spec: string, sites?: readonly string[]): FaultRule[] {
  const rules = spec.split(',').map((rule) => rule.trim());
  return rules.filter((rule) => rule !== '').map((rule) => parseRule(rule, sites));
}
