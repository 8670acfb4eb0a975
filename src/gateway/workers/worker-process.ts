import cluster, { type Worker } from 'node:cluster'
import type { MetricFamily } from '../../plugin.ts'
import type { TicketSeed } from '../../tls/ticket-keys.ts'
import type { ActionOrder, BoundAddress, ProcessFacts, Question } from '../engine.ts'
import { rescueConnections } from './rescue-connections.ts'
import type { Answer, Order, OrderOf, SentLoadout } from './messages.ts'

type Done = Extract<Answer, { type: 'done' }>

interface Waiting {
  readonly resolve: (answer: Done) => void
  readonly reject: (error: Error) => void
}

/** One worker as the primary process sees it. */
export class WorkerProcess {
  readonly startedAt = Date.now()
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null, readonly signal: string | null }>
  /** Resolves when it has ended, and all that it wrote was read. */
  readonly read: Promise<void>
  addresses: readonly BoundAddress[] = []
  /** Serves: it has committed a configuration. */
  serving = false
  /** Told to end: its end is no failure. */
  leaving = false
  readonly #worker: Worker
  readonly #listens: Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  #orders = 0
  #gone = false

  /** @param onOutput told of every piece of the worker's standard output */
  constructor (environment: NodeJS.ProcessEnv, onOutput: (output: NodeJS.ReadableStream) => void) {
    this.#worker = cluster.fork(environment)
    rescueConnections(this.#worker)
    const { stdout } = this.#worker.process
    if (stdout !== null) onOutput(stdout)
    this.#listens = new Promise(resolve => {
      this.#worker.on('message', (message: Answer) => {
        if (message.type === 'hello') resolve()
        else this.#settle(message)
      })
      this.#worker.once('exit', () => resolve())
    })
    // a message to a worker that has just died is an error of the worker object; its end is dealt with below
    this.#worker.on('error', () => {})
    this.read = new Promise(resolve => { this.#worker.process.once('close', () => resolve()) })
    this.ended = new Promise(resolve => {
      this.#worker.once('exit', (code, signal) => {
        this.#gone = true
        this.serving = false
        const error = new Error(`worker ${this.pid} ended (${signal ?? `exit code ${code}`})`)
        for (const waiting of this.#waiting.values()) waiting.reject(error)
        this.#waiting.clear()
        resolve({ code, signal })
      })
    })
  }

  get pid (): number {
    return this.#worker.process.pid ?? 0
  }

  async prepare (loadout: SentLoadout, workers: number, tickets: TicketSeed): Promise<void> {
    await this.#order({ type: 'prepare', loadout, workers, tickets })
  }

  async commit (): Promise<void> {
    this.addresses = (await this.#order({ type: 'commit' })).addresses ?? []
    this.serving = true
  }

  async discard (): Promise<void> {
    await this.#order({ type: 'discard' })
  }

  async facts (limits: boolean): Promise<ProcessFacts | undefined> {
    return (await this.#order({ type: 'facts', limits })).facts
  }

  async reopen (): Promise<void> {
    await this.#order({ type: 'reopen' })
  }

  async metrics (): Promise<MetricFamily[][]> {
    return (await this.#order({ type: 'metrics' })).metrics ?? []
  }

  async ask<Kind extends keyof Question> (kind: Kind, about: Question[Kind]['about']): Promise<Question[Kind]['answer']> {
    return (await this.#order({ type: 'ask', kind, about })).answer as Question[Kind]['answer']
  }

  async act (action: ActionOrder): Promise<Readonly<Record<string, number>>> {
    return (await this.#order({ type: 'act', action })).counts ?? {}
  }

  /** Resolves when its last request has ended. */
  async drain (): Promise<void> {
    this.leaving = true
    await this.#order({ type: 'drain' })
  }

  /** Cuts what still runs. */
  async destroy (): Promise<void> {
    await this.#order({ type: 'destroy' })
  }

  /** Resolves when its plugins have closed, and it has ended. */
  async close (): Promise<void> {
    this.leaving = true
    await this.#order({ type: 'close' })
    await this.ended
  }

  kill (): void {
    this.leaving = true
    this.#worker.process.kill('SIGKILL')
  }

  async #order (order: OrderOf): Promise<Done> {
    await this.#listens
    if (this.#gone) throw new Error(`worker ${this.pid} has ended`)
    const id = ++this.#orders
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.send({ ...order, id } as Order)
    })
  }

  #settle (answer: Exclude<Answer, { type: 'hello' }>): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.type === 'done') waiting?.resolve(answer)
    else waiting?.reject(Object.assign(new Error(answer.message), answer.details))
  }
}
