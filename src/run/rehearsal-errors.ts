import { closest } from '../config/closest';
import { FreshetError } from '../domain/errors';
import type { RehearsalRow } from '../database/rehearsal-store';

/** A pipeline by its name, and as somebody named it: a path is named otherwise. */
export interface Told {
  readonly pipeline: string;
  readonly named: string;
}

export function publishesNothing(pipeline: string, entity: string | null, publishing: readonly string[]): FreshetError {
  const meant = entity === null ? undefined : closest(entity, publishing);
  return new FreshetError('config_error', {
    code: 'rehearse-no-publish',
    message: entity === null ? `No entity of ${pipeline} publishes a typed table` : `${entity} of ${pipeline} publishes no typed table`,
    why: 'A rehearsal shows what publish would do: it needs a `publish` section in the pipeline file.',
    remedy:
      publishing.length === 0
        ? 'Write one under entities.<name>.publish of the pipeline file; docs/publish-mapping.md begins with an example.'
        : `${meant === undefined ? '' : `Did you mean ${meant}? `}Name one of ${publishing.join(', ')}, or none for all of them.`,
    where: pipeline,
  });
}

export function nothingLanded({ pipeline, named }: Told, entities: readonly string[]): FreshetError {
  return new FreshetError('validation_error', {
    code: 'rehearse-nothing-landed',
    message: `Nothing of ${entities.join(', ')} is landed yet, so there is nothing to rehearse with`,
    remedy: 'Run the pipeline first; a rehearsal asks no source.',
    next: [{ kind: 'run-command', label: 'Fetch and load it', command: `./freshet run ${named}` }],
    where: pipeline,
    retryable: false,
  });
}

export function badSince(given: string): FreshetError {
  return new FreshetError('config_error', {
    code: 'rehearse-since',
    message: `--since ${given} is no span of time`,
    remedy: 'Give a number with its unit, such as 90d or 12h, or leave it out: then every landed record is looked at.',
    where: '--since',
  });
}

const again = ({ named }: Told) => ({ kind: 'run-command', label: 'Rehearse', command: `./freshet rehearse ${named}` }) as const;

export function notRehearsed(told: Told, digest: string | undefined): FreshetError {
  return new FreshetError('validation_error', {
    code: 'rehearsal-unknown',
    message:
      digest === undefined
        ? `${told.pipeline} was not rehearsed, so there is nothing to accept`
        : `${told.pipeline} has no rehearsal ${digest}`,
    remedy: 'Rehearse first, look at what would change, and accept that by the command that the rehearsal prints. Nothing was written.',
    next: [again(told)],
    where: '--apply',
    retryable: false,
  });
}

export function rehearsalApplied({ digest, applied_by: run }: RehearsalRow, told: Told): FreshetError {
  return new FreshetError('validation_error', {
    code: 'rehearsal-applied',
    message: `The rehearsal ${shortDigest(digest)} of ${told.pipeline} was accepted before, by ${run ?? 'another run'}`,
    remedy: 'Nothing was written. Rehearse again to see what is left to do.',
    next: [again(told), { kind: 'run-command', label: 'What that run did', command: `./freshet show ${run ?? ''}` }],
    retryable: false,
  });
}

export function rehearsalHeld({ digest, held }: RehearsalRow, told: Told): FreshetError {
  return new FreshetError('validation_error', {
    code: 'rehearsal-held',
    message: `The rehearsal ${shortDigest(digest)} of ${told.pipeline} refuses more records of ${held.join(', ')} than reject_budget allows: it cannot be accepted`,
    remedy: 'Mend the mapping, the rules or reject_budget in the pipeline file, and rehearse again. Nothing was written.',
    next: [again(told)],
    retryable: false,
  });
}

/** `what`: sentences about what is not as it was rehearsed with. */
export function rehearsalMoved({ digest, created_at: at }: RehearsalRow, told: Told, what: readonly string[]): FreshetError {
  return new FreshetError('validation_error', {
    code: 'rehearsal-moved',
    message: `Since the rehearsal ${shortDigest(digest)} (${at.slice(0, 19)}): ${what.join('; ')}`,
    why: 'Only what was rehearsed can be accepted, and this would come out otherwise now.',
    remedy: 'Nothing was written. Rehearse again, look at what would change now, and accept that.',
    next: [again(told)],
    retryable: false,
  });
}

/** Enough to tell one from another; what people type. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}
