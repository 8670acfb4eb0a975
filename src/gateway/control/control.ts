/** One gateway from its start to its end: listeners, reloads, readiness, status, drain. */
import path from 'node:path'
import { createAdmin, type Admin } from '../../admin/server.ts'
import type { Diagnostic } from '../../config/diagnostics.ts'
import type { LoadResult } from '../../config/load.ts'
import { gatewayMetrics } from '../../observability/metrics/gateway-metrics.ts'
import { metricsSteps, type MetricsPage } from '../../observability/metrics/render.ts'
import type { Destination } from '../../observability/destination.ts'
import type { OwnLog } from '../../observability/log.ts'
import { redactorOf } from '../../observability/secret-names.ts'
import { secretsOfFile } from '../../observability/secret-values.ts'
import { drainInOrder, within } from './drain.ts'
import type { BoundAddress, Engine, Loadout } from '../engine.ts'
import { publishedActions, publishedDocuments, type PublishedAction } from './published.ts'
import { cutFacts } from '../cut-facts.ts'
import type { Gateway } from './gateway.ts'
import { History } from './history.ts'
import { createReloader, type RunnableFile } from './reload.ts'
import type { CheckApart } from './check-apart.ts'
import { gatewayStatus, inBrief, type GatewayStatus } from './status.ts'
import { createSpread } from '../../steps.ts'
import { watchFiles } from '../../files/watch-files.ts'
import { contentHash, watchFile, type FileWatch } from '../../files/watch.ts'

export interface ControlOptions {
  readonly file: RunnableFile
  readonly engine: Engine
  readonly log: OwnLog
  /** Of the access log; closed with the gateway. */
  readonly destination: Destination
  /** Processes that serve. */
  readonly workers: number
  readonly load: () => Promise<LoadResult>
  /** Checks the file in a thread of its own; without it, each check is done where requests are served. */
  readonly checkApart?: CheckApart
  /** Diagnostics as `check` prints them. */
  readonly render: (diagnostics: readonly Diagnostic[], text: string) => string
  /** Reload when the file changes. */
  readonly watch: boolean
}

/** Characters of a file that is checked in some milliseconds. */
const SHORT = 32_768

/** For plugins to let go of what they hold. */
const CLOSE_DEADLINE = 5_000

/** For a file without an admin listener, which a reload can't take away. */
const CLOSED = { token: null, write: false, metrics_open: false }

type State = 'starting' | 'running' | 'draining' | 'stopped'

export function createControl (options: ControlOptions): Gateway {
  const { engine, log, watch } = options
  const { logger } = log
  const startedAt = Date.now()
  let state: State = 'starting'
  let file = options.file
  let number = 0
  /** What the file said last about who may ask: a rollback brings no old token back. */
  let rules = file.config.gateway.admin
  let rolledBack: number | null = null
  const history = new History()
  let loadedAt = startedAt
  let watcher: FileWatch | null = null
  let adminAddress: BoundAddress | null = null
  let closing: Promise<boolean> | null = null
  let starting: Promise<void> | null = null
  let documents: ReadonlyMap<string, unknown> = new Map()
  let actions: ReadonlyMap<string, PublishedAction> = new Map()
  const settings = file.config.gateway
  const directory = path.dirname(file.config.file)
  const spread = createSpread()

  const prepared = new WeakMap<RunnableFile, Omit<Loadout, 'number'>>()

  /** Made once a file, its redactor with it. */
  function loadoutOf (next: RunnableFile): Omit<Loadout, 'number'> {
    let loadout = prepared.get(next)
    if (loadout === undefined) {
      const { config, source, plugins: { registry } } = next
      const secrets = secretsOfFile(config, source)
      loadout = { config, registry, directory, secrets, redactor: redactorOf(config, registry, secrets) }
      prepared.set(next, loadout)
    }
    return loadout
  }

  function loadout (next: RunnableFile): Loadout {
    const parts = loadoutOf(next)
    // again: however many fail to follow it, the one that runs stays covered
    log.cover(loadoutOf(file).redactor)
    log.cover(parts.redactor)
    return { number: number + 1, ...parts }
  }

  function took (next: RunnableFile): void {
    file = next
    documents = publishedDocuments(next.config, next.plugins.registry)
    actions = publishedActions(next.config, next.plugins.registry)
    number++
    loadedAt = Date.now()
    log.setLevel(next.config.gateway.log.level)
  }

  const beside = watchFiles(() => {
    // a certificate that is renewed must not bring back the file that somebody has rolled back from
    if (rolledBack === null) reloader.reload('file').catch(() => {})
    else logger.warn({ of: rolledBack }, 'a file beside the configuration has changed; after the rollback it counts only when the configuration itself changes or is reloaded')
  })

  async function load (): Promise<LoadResult> {
    const result = await options.load()
    // also of one that is refused: a file that is missing may come
    if (watch) beside.follow(result.files)
    return result
  }

  const reloader = createReloader({
    load,
    logger,
    render: options.render,
    running: () => file.config.gateway,
    tried ({ at, took, trigger, diagnostics, error }, tried, of) {
      history.add({ at, took, trigger, of, diagnostics, error, snapshot: error === null ? number : null }, tried)
      if (error !== null) return
      rolledBack = of
      if (of === null) rules = tried?.config?.gateway.admin ?? rules
    },
    async replace (next) {
      // the first configuration is still being built: two of them at once would open two sets of listeners
      await starting
      if (state !== 'running') throw new Error('the gateway does not listen')
      await engine.replace(loadout(next))
      took(next)
    }
  })

  async function status (brief: boolean): Promise<GatewayStatus> {
    const facts = gatewayStatus({
      state,
      startedAt,
      loadedAt,
      number,
      config: file.config,
      hash: contentHash(file.source.text),
      rolledBack,
      lastReload: reloader.last,
      addresses: engine.addresses,
      workers: { configured: options.workers, restarts: engine.restarts },
      relayDropped: engine.relayDropped,
      processes: (await engine.facts(!brief)).map(facts => cutFacts(facts, loadoutOf(file).redactor))
    })
    return brief ? inBrief(facts) : facts
  }

  /** What stands on /metrics. */
  async function metrics (): Promise<MetricsPage> {
    const [facts, families] = await Promise.all([status(false), engine.metrics()])
    return await spread(metricsSteps([await spread(gatewayMetrics(facts, reloader.counts)), ...families]))
  }

  const admin: Admin | null = settings.admin === null
    ? null
    : createAdmin(settings.admin, {
      get number () {
        return number
      },
      history,
      rules: () => rules ?? CLOSED,
      running: () => file,
      facts: async (limits = false) => await engine.facts(limits),
      ask: async (kind, about) => await engine.ask(kind, about),
      tell: (facts, what) => logger.info(facts, what),
      reload: async () => await reloader.reload('call'),
      async check () {
        // a module that this process has is not loaded twice, and what is short is checked before a thread has begun
        const { source: { text }, config: { gateway } } = file
        if (options.checkApart !== undefined && text.length > SHORT && gateway.modules.length === 0) return await options.checkApart(gateway)
        const read = await options.load()
        return { diagnostics: [...read.diagnostics, ...reloader.alsoWrong(read)], text: read.source.text }
      },
      async rollBack (snapshot) {
        const known = history.file(snapshot)
        return known === undefined ? null : await reloader.rollBack(known, snapshot)
      },
      status,
      metrics,
      notReady: () => state === 'running' ? engine.notReady() : state,
      document: path => documents.get(path),
      action: path => actions.get(path),
      publishedPaths: () => [...documents.keys(), ...actions.keys()],
      async act ({ plugin, path }, body) {
        try {
          const counts = await engine.act({ plugin, path, body })
          logger.info({ plugin, action: path, ...counts }, 'done for the admin listener')
          return counts
        } catch (error) {
          logger.warn({ plugin, action: path, reason: error instanceof Error ? error.message : 'unknown' }, 'an action for the admin listener has failed')
          throw error
        }
      }
    })

  async function start (): Promise<void> {
    try {
      // first, so that it can say "not ready" while plugins are set up
      if (admin !== null && settings.admin !== null) adminAddress = { host: settings.admin.host, port: (await admin.listen()).port, scheme: 'http' }
      await engine.start(loadout(file))
    } catch (error) {
      await engine.close()
      await admin?.close()
      await options.destination.close()
      throw error
    }
    took(file)
    history.add({ at: startedAt, took: Math.round(Date.now() - startedAt), trigger: 'start', of: null, diagnostics: file.diagnostics, error: null, snapshot: number }, file)
    state = 'running'
    for (const { host, port, scheme } of engine.addresses) logger.info(`listening on ${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`)
    if (adminAddress !== null) logger.info(`admin on http://${adminAddress.host}:${adminAddress.port}`)
    if (watch) {
      const onMissing = (): void => logger.warn({ file: file.config.file }, 'the configuration file is gone: the running configuration stays')
      watcher = watchFile(file.config.file, () => { reloader.reload('file').catch(() => {}) }, { known: contentHash(file.source.text), onMissing })
      beside.follow(file.files)
    }
  }

  async function close (delayed: boolean): Promise<boolean> {
    await starting?.catch(() => {})
    state = 'draining'
    watcher?.close()
    beside.close()
    await reloader.close()
    const { delay, timeout } = file.config.gateway.shutdown
    const ended = await drainInOrder(engine, { delay: delayed ? delay : 0, timeout }, logger)
    if (!await within(CLOSE_DEADLINE, engine.close())) logger.warn('a plugin takes too long to close')
    state = 'stopped'
    await admin?.close()
    await options.destination.close()
    logger.info('stopped')
    return ended
  }

  return {
    get addresses () {
      return engine.addresses
    },
    get adminAddress () {
      return adminAddress
    },
    status: async () => await status(false),
    async listen () {
      starting ??= start()
      await starting
    },
    reload: async (trigger = 'call') => await reloader.reload(trigger),
    reopen: async () => {
      await engine.reopen()
      logger.info('log files are opened again')
    },
    async close ({ delayed = false } = {}) {
      closing ??= close(delayed)
      return await closing
    }
  }
}
