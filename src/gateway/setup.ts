import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Config, PluginEntry } from '../config/model.ts'
import { Consumers } from '../consumers/consumers.ts'
import { GatewayError } from '../errors.ts'
import type { BrandedPlugin, PluginGateway } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import { version } from '../version.ts'
import type { LiveEntry } from './scopes.ts'
import type { SnapshotServices } from './snapshot-services.ts'

export interface EntriesOptions {
  readonly config: Config
  readonly registry: PluginRegistry
  /** Of the snapshot. */
  readonly root: FastifyInstance
  readonly services: SnapshotServices
}

/** The entries of a snapshot that have been set up, with everything that they have asked for. */
export class Entries {
  /** By id. */
  readonly live = new Map<string, LiveEntry>()
  readonly #options: EntriesOptions
  readonly #consumers: Consumers
  readonly #underWay = new Map<string, Promise<void>>()
  /** Keys of kept state. */
  readonly #kept: string[] = []
  /** To be called when the snapshot serves; null: it does. */
  #beginnings: Array<() => void> | null = []

  constructor (options: EntriesOptions) {
    this.#options = options
    this.#consumers = new Consumers(options.config)
  }

  /**
   * Runs `setup` once per entry, whoever asks for it, all at the same time, each within `timeouts.setup`.
   *
   * @throws GatewayError naming the plugin
   */
  async setUp (entries: readonly PluginEntry[]): Promise<void> {
    const outcomes: Array<Promise<PromiseSettledResult<void>>> = []
    for (const entry of entries) {
      await this.#options.services.breath()
      const work = this.#underWay.get(entry.id) ?? this.#setUp(entry)
      this.#underWay.set(entry.id, work)
      outcomes.push(settled(work))
    }
    const failed = (await Promise.all(outcomes)).find(outcome => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** The snapshot serves from now on: what lives on from the one before follows its options. */
  begin (): void {
    for (const then of this.#beginnings ?? []) {
      try {
        then()
      } catch (error) {
        this.#options.services.log.error({ err: error }, 'a part of a configuration could not take its options over')
      }
    }
    this.#beginnings = null
  }

  /** Closes what was set up. A plugin that fails at that is logged, and keeps nobody else open. */
  async close (): Promise<void> {
    const { kept, log, breath } = this.#options.services
    for (const { definition, entry, state } of this.live.values()) {
      await breath()
      try {
        await definition.close?.(state)
      } catch (error) {
        log.error({ err: error, plugin: entry.name }, 'a plugin failed to close')
      }
    }
    // together: each queue has two seconds for its last entries
    await Promise.all(this.#kept.map(async key => {
      await kept.release(key).catch(error => log.error({ err: error, key }, 'kept state failed to close'))
    }))
  }

  async #setUp (entry: PluginEntry): Promise<void> {
    const { config, registry } = this.#options
    const definition = registry.get(entry.name)
    if (definition === undefined) throw new GatewayError('SP_PLUGIN_UNKNOWN', 500, `plugin '${entry.name}' is not loaded`)
    const late = { is: false }
    const work = setUp(definition, entry, this.#gatewayOf(entry, late))
    const state = await withDeadline(work, config.gateway.timeouts.setup, entry).catch(error => {
      // one that comes late has nobody who would close it, nor what it asks for
      late.is = true
      work.then(late => definition.close?.(late as never)).catch(() => {})
      throw error
    })
    this.live.set(entry.id, { entry, definition, state })
  }

  #gatewayOf (entry: PluginEntry, late: { readonly is: boolean }): PluginGateway {
    const { config, root, services: shared } = this.#options
    const keep = <T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T => {
      if (late.is) throw new Error(`the setup of '${entry.name}' was given up: nothing is kept for it`)
      const state = shared.kept.acquire(key, create, close)
      this.#kept.push(key)
      return state
    }
    return {
      entry,
      log: shared.log.child({ plugin: entry.name }),
      redactor: shared.redactor,
      root,
      version,
      get configuration () {
        return createHash('sha256').update(JSON.stringify(config)).digest('hex')
      },
      directory: shared.directory,
      workers: shared.workers,
      now: shared.now,
      ...shared.outside === undefined ? {} : { outside: shared.outside },
      consumers: this.#consumers,
      exempt: config.gateway.exempt,
      service (nameOrId) {
        const found = config.services.find(({ id, name }) => id === nameOrId || name === nameOrId)
        if (found === undefined) throw new TypeError(`no service '${nameOrId}'`)
        return found
      },
      caCertificate (nameOrId) {
        const found = config.ca_certificates.find(({ id, name }) => id === nameOrId.toLowerCase() || name === nameOrId)
        if (found === undefined) throw new TypeError(`no authority '${nameOrId}'`)
        return found
      },
      keep: (key, create, close) => keep(`${identityOf(entry)}|${key}`, create, close),
      share: (key, create, close) => keep(`shared|${key}`, create, close),
      serving: then => {
        if (this.#beginnings === null) then()
        else this.#beginnings.push(then)
      }
    }
  }
}

/** At once: a rejection that nobody waits for yet would end the process. */
async function settled<T> (work: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([work])
  return outcome
}

async function setUp (definition: BrandedPlugin, entry: PluginEntry, gateway: PluginGateway): Promise<unknown> {
  try {
    return await definition.setup?.(entry.config as never, gateway)
  } catch (error) {
    throw new GatewayError('SP_PLUGIN_SETUP', 500, `plugin '${entry.name}' (${entry.pointer}) failed to set up: ${(error as Error)?.message}`, { cause: error })
  }
}

async function withDeadline<T> (work: Promise<T>, milliseconds: number, entry: PluginEntry): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new GatewayError('SP_PLUGIN_SETUP', 500, `plugin '${entry.name}' (${entry.pointer}) was not set up within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Who an entry is, whatever its options are: what it keeps over a reload is found by it. */
export function identityOf (entry: PluginEntry): string {
  return [entry.name, entry.route, entry.service, entry.consumer ?? entry.consumer_group, entry.instance_name].join('|')
}
