/** Every fault site that the code passes, by name; a test compares it with the code. */
export const FAULT_SITES = [] as const satisfies readonly string[];
export type FaultSite = (typeof FAULT_SITES)[number];
