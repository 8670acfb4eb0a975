import { SLICE, type Steps } from './steps.ts'

/**
 * Lets an event loop that serves requests have its turn, within long work: resolves at once where no slice of work has gone
 * by, else after a pause that is as long.
 */
export type Breath = () => Promise<void>

/** Of one piece of work. */
export function createBreath (now: () => number = () => performance.now()): Breath {
  let began = now()
  return async () => {
    if (now() - began < SLICE) return
    await new Promise(resolve => setTimeout(resolve, SLICE))
    began = now()
  }
}

/** Where nobody waits. */
export const breathless: Breath = async () => {}

/** Does work in steps, with a breath between them. */
export async function breathe<Result> (steps: Steps<Result>, breath: Breath): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await breath()
  }
}
