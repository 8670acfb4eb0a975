import type { Context } from '../context.ts'
import { type Choice, chosen, completeChoices, isPromise, type Step } from './step.ts'

/** Runs the log hooks: after the last byte, in order, none of which can hurt the request any more. */
export function composeLog (steps: readonly Step[], choices: readonly Choice[], failed: (plugin: string, error: unknown) => void): (context: Context) => void {
  return function logChain (context) {
    const reply = context.reply
    if (reply === null) return
    completeChoices(choices, context)
    for (const step of steps) {
      if (!chosen(step, context)) continue
      try {
        const result = step.run.call(step.instance, reply.request, reply, ignore)
        if (isPromise(result)) result.then(undefined, error => failed(step.plugin, error))
      } catch (error) {
        failed(step.plugin, error)
      }
    }
  }
}

/** Nobody waits for a log hook. */
function ignore (): void {}
