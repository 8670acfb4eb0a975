import type { Context } from '../../gateway/context.ts'

/** Fields of an answer to a request that is debugged: where its time went so far, and under which id to ask for the rest. */
export function * debugFields (context: Context): Generator<readonly [name: string, value: string]> {
  if (context.debug === null) return
  yield ['X-Sallyport-Debug-Id', context.id]
  yield ['Server-Timing', context.debug.header(context)]
}
