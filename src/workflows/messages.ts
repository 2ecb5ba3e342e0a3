import { defineSignal } from '@temporalio/workflow';
import type { UpstreamSettled } from './run-input';

/** The parent tells an entity how one of its upstreams ended. */
export const upstreamSettled = defineSignal<[UpstreamSettled]>('upstreamSettled');

/** Ends a durable sleep at once: sent by whoever moved the clock or lifted the limit that the entity waits for. */
export const wake = defineSignal('wake');
