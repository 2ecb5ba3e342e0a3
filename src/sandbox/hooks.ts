import { matches } from './faults';
import type { RequestMatch } from './faults';
import { HookBoard } from './hook-board';
import type { HookTiming } from './hook-board';
import type { SandboxRequest } from './request';

export interface HookMatch extends RequestMatch, HookTiming {}

export type HookAction = (request: SandboxRequest) => void | Promise<void>;

/** Zoho's hooks. */
export class Hooks extends HookBoard<RequestMatch, SandboxRequest> {
  constructor() {
    super(matches);
  }
}
