/** What a chain is composed of: hooks of plugin entries, and choices between entries. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../errors.ts'
import type { Context } from '../context.ts'

/** How a callback hook says that it is done. */
export type Done = (error?: unknown, value?: unknown) => void
// a hook as Fastify types it has many shapes; its arity says which
type HookFunction = (this: FastifyInstance, ...args: unknown[]) => unknown

/** One hook of a plugin entry. */
export interface Step {
  readonly run: HookFunction
  readonly instance: FastifyInstance
  /** Waits for `done`, by its arity. */
  readonly callback: boolean
  /** Of which chain item with alternatives, and which of them: it runs only when chosen. -1: always runs. */
  readonly slot: number
  readonly choice: number
  /** Plugin's name, for errors. */
  readonly plugin: string
}

/** Decides which alternative of a slot runs. */
export interface Choice {
  readonly slot: number
  /** Ids of consumers and consumer groups, most specific entry first; null applies to all. */
  readonly audiences: ReadonlyArray<string | null>
}

export type RequestStep = Step | Choice

export function isChoice (step: RequestStep): step is Choice {
  return 'audiences' in step
}

/** Index of the entry for this request's consumer; -1: none applies. */
export function choose ({ audiences }: Pick<Choice, 'audiences'>, { consumer }: Pick<Context, 'consumer'>): number {
  return audiences.findIndex(id => id === null || (consumer !== null && (id === consumer.id || consumer.groups.includes(id))))
}

/** Whether the step is of the entry that counts for this request's consumer. */
export function chosen (step: Step, context: Context): boolean {
  return step.slot === -1 || context.choices?.[step.slot] === step.choice
}

/** After a short circuit, the later items of the chain still get their configuration, for their response and log hooks. */
export function completeChoices (choices: readonly Choice[], context: Context): void {
  for (const choice of choices) {
    const known = (context.choices ??= [])
    if (known[choice.slot] === undefined) known[choice.slot] = choose(choice, context)
  }
}

export function badResult (step: Step): GatewayError {
  return new GatewayError('SP_HOOK_RESULT', 500, 'An unexpected error occurred', {
    cause: new TypeError(`a hook of plugin '${step.plugin}' returned something other than undefined, a promise or the reply`)
  })
}

export function isPromise (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
