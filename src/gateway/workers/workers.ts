import cluster, { type ClusterSettings } from 'node:cluster'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Destination } from '../../observability/destination.ts'
import type { OwnLog } from '../../observability/log.ts'
import { relayLines } from '../../observability/relay-lines.ts'
import type { MetricFamily } from '../../plugin.ts'
import { within } from '../control/drain.ts'
import type { ActionOrder, BoundAddress, Engine, Loadout, ProcessFacts, Question } from '../engine.ts'
import { newTicketSeed, TicketKeys } from '../../tls/ticket-keys.ts'
import type { SentLoadout } from './messages.ts'
import { WorkerProcess } from './worker-process.ts'

export interface WorkersEngineOptions {
  readonly log: OwnLog
  /** Where the workers' access logs come together: pieces that several processes write to one pipe can tear each other. */
  readonly destination: Destination
  /** How many. */
  readonly workers: number
  /** Milliseconds before a worker that died young is replaced; doubled each time, see {@link MAX_DELAY}. */
  readonly delay?: number
}

/** A worker that lived shorter than this died young. */
const YOUNG = 10_000
const FIRST_DELAY = 100
const MAX_DELAY = 10_000
/** How long a worker may take to tell its facts, which it does in slices, before /status goes without them. */
const FACTS_DEADLINE = 2_000
/** What a worker has for closing its plugins, which write down what waits, before it is killed. */
const CLOSE_DEADLINE = 3_500

/** Serves the traffic in worker processes, which share the listening sockets (node:cluster). */
export class WorkersEngine implements Engine {
  readonly #options: Required<WorkersEngineOptions>
  readonly #workers = new Set<WorkerProcess>()
  /** Reloads and replacements in turn: a worker that starts during a reload would miss it. */
  #turn: Promise<unknown> = Promise.resolve()
  /** A client may come back to any worker: all resume its session. */
  readonly #ticketKeys = new TicketKeys(newTicketSeed(Date.now()))
  #current: SentLoadout | null = null
  #addresses: readonly BoundAddress[] = []
  #restarts = 0
  #diedYoung = 0
  #ending = false

  constructor (options: WorkersEngineOptions) {
    this.#options = { delay: FIRST_DELAY, ...options }
    cluster.setupPrimary({
      exec: fileURLToPath(new URL(`./entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)),
      args: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc']
    } as ClusterSettings)
  }

  get addresses (): readonly BoundAddress[] {
    return this.#addresses
  }

  get restarts (): number {
    return this.#restarts
  }

  get relayDropped (): number {
    return this.#options.destination.dropped
  }

  async start (loadout: Loadout): Promise<void> {
    const sent = toSend(loadout)
    const workers = Array.from({ length: this.#options.workers }, () => this.#spawn())
    try {
      await all(workers.map(worker => worker.prepare(sent, this.#options.workers, this.#ticketKeys.seed(Date.now()))))
      await all(workers.map(worker => worker.commit()))
    } catch (error) {
      await this.#killAll()
      throw error
    }
    this.#current = sent
    this.#addresses = workers[0]?.addresses ?? []
    for (const worker of workers) this.#lookAfter(worker)
  }

  async replace (loadout: Loadout): Promise<void> {
    await this.#inTurn(async () => {
      const sent = toSend(loadout)
      const workers = this.#serving()
      // none lives: the new configuration may be the cure, and has to prove it by serving
      if (workers.length === 0) {
        await this.#add(sent)
        this.#current = sent
        this.#diedYoung = 0
        return
      }
      const outcomes = await Promise.allSettled(workers.map(worker => worker.prepare(sent, this.#options.workers, this.#ticketKeys.seed(Date.now()))))
      const failure = firstFailure(outcomes)
      if (failure !== null) {
        await Promise.allSettled(workers.filter((_, index) => outcomes[index]?.status === 'fulfilled').map(worker => worker.discard()))
        throw failure
      }
      // decided: a worker that dies from here on is replaced by one that runs the new configuration
      this.#current = sent
      await Promise.allSettled(workers.map(worker => worker.commit()))
    })
  }

  notReady (): string | null {
    return this.#serving().length > 0 ? null : 'no worker is running'
  }

  async facts (limits: boolean): Promise<ProcessFacts[]> {
    return await this.#ofEach(async worker => await worker.facts(limits))
  }

  async reopen (): Promise<void> {
    await this.#ofEach(async worker => await worker.reopen())
  }

  async metrics (): Promise<MetricFamily[][]> {
    return (await this.#ofEach(async worker => await worker.metrics())).flat()
  }

  /** What the workers answer that answer in time. */
  async #ofEach<T> (question: (worker: WorkerProcess) => Promise<T | undefined>): Promise<T[]> {
    const answers = await Promise.all(this.#serving().map(async worker => {
      return await Promise.race([question(worker), wait(FACTS_DEADLINE, undefined, { ref: false })]).catch(() => undefined)
    }))
    return answers.filter(answer => answer !== undefined)
  }

  async ask<Kind extends keyof Question> (kind: Kind, about: Question[Kind]['about']): Promise<Array<Question[Kind]['answer']>> {
    return await this.#ofEach(async worker => await worker.ask(kind, about))
  }

  async act (action: ActionOrder): Promise<Readonly<Record<string, number>>> {
    const sums: Record<string, number> = {}
    for (const counts of await Promise.all(this.#serving().map(worker => worker.act(action)))) {
      for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
    }
    return sums
  }

  async drain (): Promise<void> {
    this.#ending = true
    await this.#turn
    await Promise.allSettled([...this.#workers].map(worker => worker.drain()))
  }

  destroy (): void {
    this.#ending = true
    for (const worker of this.#workers) worker.destroy().catch(() => {})
  }

  async close (): Promise<void> {
    this.#ending = true
    const workers = [...this.#workers]
    await within(CLOSE_DEADLINE, Promise.allSettled(workers.map(worker => worker.close())).then(() => {}))
    await this.#killAll()
    await within(FACTS_DEADLINE, Promise.all(workers.map(worker => worker.read)).then(() => {}))
  }

  #serving (): WorkerProcess[] {
    return [...this.#workers].filter(worker => worker.serving && !worker.leaving)
  }

  #spawn (): WorkerProcess {
    const { log, destination } = this.#options
    const worker = new WorkerProcess({ SALLYPORT_LOG_LEVEL: log.logger.level }, output => relayLines(output, destination))
    this.#workers.add(worker)
    worker.ended.finally(() => this.#workers.delete(worker))
    return worker
  }

  /** One more worker, serving. */
  async #add (sent: SentLoadout): Promise<void> {
    const worker = this.#spawn()
    try {
      await worker.prepare(sent, this.#options.workers, this.#ticketKeys.seed(Date.now()))
      await worker.commit()
    } catch (error) {
      worker.kill()
      await worker.ended
      throw error
    }
    this.#lookAfter(worker)
  }

  /** Replaces the worker when it dies. */
  #lookAfter (worker: WorkerProcess): void {
    worker.ended.then(async ({ code, signal }) => {
      if (worker.leaving || this.#ending) return
      const lived = Date.now() - worker.startedAt
      this.#options.log.logger.error({ worker: worker.pid, code, signal, lived }, 'a worker died; it is being replaced')
      this.#restarts++
      this.#diedYoung = lived < YOUNG ? this.#diedYoung + 1 : 0
      await this.#refill()
    }).catch(() => {})
  }

  /** Brings the workers back to their number; a file or a plugin that kills them must not take the machine with it. */
  async #refill (): Promise<void> {
    const { delay, workers, log } = this.#options
    for (;;) {
      if (this.#diedYoung > 1) await wait(Math.min(MAX_DELAY, delay * 2 ** (this.#diedYoung - 2)))
      if (this.#ending) return
      try {
        await this.#inTurn(async () => {
          if (!this.#ending && this.#current !== null && this.#serving().length < workers) await this.#add(this.#current)
        })
        return
      } catch (error) {
        this.#diedYoung++
        log.logger.error({ err: error }, 'a worker could not be replaced; trying again')
      }
    }
  }

  async #killAll (): Promise<void> {
    const workers = [...this.#workers]
    for (const worker of workers) worker.kill()
    await Promise.all(workers.map(worker => worker.ended))
  }

  async #inTurn (work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => {})
    await mine
  }
}

function toSend ({ number, config, directory, secrets }: Loadout): SentLoadout {
  return { number, config, directory, secrets }
}

/** Rejects with the first failure once all have settled, so that nothing is still on its way when it is dealt with. */
async function all (work: ReadonlyArray<Promise<void>>): Promise<void> {
  const failure = firstFailure(await Promise.allSettled(work))
  if (failure !== null) throw failure
}

function firstFailure (outcomes: ReadonlyArray<PromiseSettledResult<void>>): Error | null {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') return outcome.reason as Error
  }
  return null
}
