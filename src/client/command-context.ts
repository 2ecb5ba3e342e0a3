import type { CommonFlags } from './common-flags';
import type { Output } from './output';

/** What each command gets besides its own input. */
export interface CommandContext {
  readonly out: Output;
  readonly flags: CommonFlags;
}
