/** From a changed file to the next configuration, all or nothing, one at a time. */
import type { Logger } from 'pino'
import { hasErrors, type Diagnostic } from '../../config/diagnostics.ts'
import type { LoadResult } from '../../config/load.ts'
import type { Config, GatewaySettings } from '../../config/model.ts'

/** A loaded file without errors. */
export interface RunnableFile extends LoadResult {
  readonly config: Config
}

/** What asked for the reload. */
export type ReloadTrigger = 'file' | 'signal' | 'call' | 'rollback'

export interface ReloadOutcome {
  readonly ok: boolean
  readonly trigger: ReloadTrigger
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Milliseconds it took. */
  readonly took: number
  /** What `check` would print. */
  readonly diagnostics: readonly Diagnostic[]
  /** Why it was refused, in one sentence; null when it was not. */
  readonly error: string | null
}

export interface ReloaderOptions {
  /** Reads and checks the file; must not throw for what is wrong with its content. */
  readonly load: () => Promise<LoadResult>
  /** Puts a checked file in the place of the running one; rejects, and changes nothing, when it can't. */
  readonly replace: (file: RunnableFile) => Promise<void>
  /** Told of each attempt, with what was read; null: nothing could be. */
  readonly tried?: (outcome: ReloadOutcome, file: LoadResult | null, of: number | null) => void
  /** Settings that run now. */
  readonly running: () => GatewaySettings
  readonly logger: Pick<Logger, 'info' | 'error' | 'warn'>
  /** Diagnostics as `check` prints them. */
  readonly render: (diagnostics: readonly Diagnostic[], text: string) => string
}

export interface Reloader {
  /** Never rejects. A call during a reload is served by one more reload after it. */
  reload (trigger: ReloadTrigger): Promise<ReloadOutcome>
  /** Puts a file back that ran as snapshot `of`. Never rejects. */
  rollBack (file: RunnableFile, of: number): Promise<ReloadOutcome>
  /** What is wrong with a file beside its own diagnostics: what a running gateway can't change. */
  alsoWrong (file: LoadResult): readonly Diagnostic[]
  readonly last: ReloadOutcome | null
  /** How many there were. */
  readonly counts: { readonly done: number, readonly refused: number }
  /** Waits for a reload that runs; later calls are refused. */
  close (): Promise<void>
}

/** What the process got at its start and keeps until its end. */
const FIXED = ['listen', 'admin', 'workers'] as const

export function createReloader (options: ReloaderOptions): Reloader {
  const { load, replace, running, logger, render, tried } = options
  let turn: Promise<unknown> = Promise.resolve()
  let busy = 0
  let next: Promise<ReloadOutcome> | null = null
  let last: ReloadOutcome | null = null
  let closed = false
  const counts = { done: 0, refused: 0 }

  async function attempt (trigger: ReloadTrigger, read: () => Promise<LoadResult>, of: number | null): Promise<ReloadOutcome> {
    const at = Date.now()
    const start = performance.now()
    let file: LoadResult | null = null
    const outcome = (diagnostics: readonly Diagnostic[], error: string | null): ReloadOutcome => {
      counts[error === null ? 'done' : 'refused']++
      last = { ok: error === null, trigger, at, took: Math.round(performance.now() - start), diagnostics, error }
      tried?.(last, file, of)
      return last
    }
    if (closed) return outcome([], 'the gateway is shutting down')
    let diagnostics: readonly Diagnostic[] = []
    try {
      file = await read()
      diagnostics = [...file.diagnostics]
      if (file.config !== null) {
        diagnostics = [...diagnostics, ...fixedChanges(running(), file)]
        if (!hasErrors(diagnostics)) {
          await replace(file as RunnableFile)
          const done = outcome(diagnostics, null)
          if (of === null) logger.info({ trigger, took: done.took }, withReport('configuration reloaded', diagnostics, file))
          else logger.warn({ trigger, took: done.took, of }, `configuration rolled back to snapshot ${of}; the next change of the file takes its place`)
          return done
        }
      }
      const count = diagnostics.filter(diagnostic => diagnostic.severity === 'error').length
      const refused = outcome(diagnostics, `${count} ${count === 1 ? 'error' : 'errors'} in the file`)
      logger.error({ trigger }, withReport(`reload refused, the running configuration stays: ${refused.error}`, diagnostics, file))
      return refused
    } catch (error) {
      const refused = outcome(diagnostics, (error as Error).message)
      logger.error({ trigger, err: error }, `reload failed, the running configuration stays: ${refused.error}`)
      return refused
    }
  }

  function withReport (sentence: string, diagnostics: readonly Diagnostic[], file: LoadResult): string {
    return diagnostics.length === 0 ? sentence : `${sentence}\n${render(diagnostics, file.source.text)}`
  }

  /** Reloads and rollbacks, one after the other. */
  function inTurn (work: () => Promise<ReloadOutcome>): Promise<ReloadOutcome> {
    const mine = busy === 0 ? work() : turn.then(work)
    busy++
    turn = mine.finally(() => { busy-- })
    return mine
  }

  return {
    counts,
    get last () {
      return last
    },
    alsoWrong: file => fixedChanges(running(), file),
    async reload (trigger) {
      // one that has not begun yet sees whatever was written until it does: more calls need no more reloads
      if (next !== null) return await next
      let begun = false
      const mine = inTurn(async () => {
        begun = true
        next = null
        return await attempt(trigger, load, null)
      })
      if (!begun) next = mine
      return await mine
    },
    rollBack: async (file, of) => await inTurn(async () => await attempt('rollback', async () => file, of)),
    async close () {
      closed = true
      await turn
    }
  }
}

/** Of the admin listener, who may do what there can change. */
function fixed (key: typeof FIXED[number], settings: GatewaySettings): unknown {
  if (key !== 'admin' || settings.admin === null) return settings[key]
  return { host: settings.admin.host, port: settings.admin.port }
}

/** A running gateway never applies a part of a file: what it can't change it says, with the place. */
export function fixedChanges (running: GatewaySettings, { config, source }: Pick<LoadResult, 'config' | 'source'>): Diagnostic[] {
  const found: Diagnostic[] = []
  if (config === null) return found
  for (const key of FIXED) {
    if (JSON.stringify(fixed(key, config.gateway)) === JSON.stringify(fixed(key, running))) continue
    found.push({
      rule: 'restart-needed',
      severity: 'error',
      file: source.file,
      range: source.locate(`/gateway/${key}`, 'key'),
      path: `gateway.${key}`,
      cause: `'${key}' differs from what this gateway was started with, and it can't change while it runs`,
      mend: `Restart the gateway to use the new '${key}', or put the old one back to reload the rest.`
    })
  }
  return found
}
