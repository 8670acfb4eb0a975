import type { Ended } from '../../src/plugin.ts'

/** End reasons by a fault of the gateway or of what it depends on, whatever the status. */
const FAULTS = new Set(['UF', 'UR', 'UT', 'UPE', 'UTL', 'DF', 'DL', 'GE', 'AU', 'RLSE', 'SD'])

/** Whether a request failed, by a status or in the middle of an answer that had begun well. What a client did wrong is no failure. */
export function hasFailed ({ status, reason }: Ended): boolean {
  return status >= 500 || FAULTS.has(reason)
}
