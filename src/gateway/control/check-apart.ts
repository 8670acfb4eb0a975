import { Worker } from 'node:worker_threads'
import type { Diagnostic } from '../../config/diagnostics.ts'
import type { LoadOptions } from '../../config/load.ts'
import type { GatewaySettings } from '../../config/model.ts'

/** What a reload would say of the file as it is now. */
export interface Checked {
  readonly diagnostics: readonly Diagnostic[]
  /** Of the file. */
  readonly text: string
}

/** What is checked, the same each time. Plain data. */
export interface CheckOrder extends Pick<LoadOptions, 'file' | 'env' | 'overrides'> {
  /** What the file is called in diagnostics. */
  readonly shown: string
}

/** Sent to the thread. */
export interface CheckThreadData extends CheckOrder {
  /** Settings that run: what a gateway can't change while it runs is an error. */
  readonly running: GatewaySettings
}

/** Sent by it, once. */
export type CheckThreadAnswer = { readonly checked: Checked } | { readonly failed: string }

/** Checks against settings that run. @throws ConfigFileError's message, when the file can't be read */
export type CheckApart = (running: GatewaySettings) => Promise<Checked>

/**
 * Makes what checks a file in a thread of its own, while this one serves: one at a time. Calls during a check share one more after it,
 * which sees whatever was written until it begins.
 */
export function createCheckApart (order: CheckOrder): CheckApart {
  let turn: Promise<unknown> = Promise.resolve()
  let next: Promise<Checked> | null = null
  return async running => {
    if (next !== null) return await next
    const mine = turn.then(async () => {
      next = null
      return await inThread({ ...order, env: { ...order.env }, running })
    })
    next = mine
    turn = mine.catch(() => {})
    return await mine
  }
}

async function inThread (data: CheckThreadData): Promise<Checked> {
  const thread = new Worker(new URL(`./check-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), { workerData: data })
  // it has nothing left to do then, and ends by itself
  return await new Promise((resolve, reject) => {
    thread.once('message', (answer: CheckThreadAnswer) => {
      if ('checked' in answer) resolve(answer.checked)
      else reject(new Error(answer.failed))
    })
    thread.once('error', reject)
    thread.once('exit', code => reject(new Error(`the check ended with code ${code}`)))
  })
}
