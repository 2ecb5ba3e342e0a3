import type { CatalogueSection } from './entry';

/** Log statements of worker.ts and worker/ (WK-nnn). */
export const worker = {
  'WK-001': { level: 'info', text: 'worker ready on task queue {task_queue}' },
  'WK-002': {
    level: 'info',
    text: 'worker on task queue {task_queue} has stopped; what it was at is durable and goes on with the next one',
  },
  'WK-010': { level: 'debug', text: 'Temporal: {message}' },
  'WK-011': {
    level: 'warn',
    text: 'Temporal: {message}',
    meaning: 'A warning of the Temporal SDK; connections that break are made again by themselves.',
    remedy: 'Nothing if runs go on; otherwise see whether Temporal is running and reachable.',
  },
  'WK-012': {
    level: 'error',
    text: 'Temporal: {message}',
    meaning: 'An error of the Temporal SDK, in a workflow or in the connection to the server.',
    remedy: 'See whether Temporal is running; if runs stand still, restart the worker, and report the line if it comes back.',
  },
} as const satisfies CatalogueSection<'WK'>;
