import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { CaCertificate, Config, PluginEntry, Service } from '../config/model.ts'
import { Consumers } from '../consumers/consumers.ts'
import { GatewayError } from '../errors.ts'
import type { BrandedPlugin, PluginGateway } from '../plugin.ts'
import type { PluginRegistry } from '../plugins.ts'
import { version } from '../version.ts'
import type { LiveEntry } from './scopes.ts'
import type { SnapshotServices } from './snapshot-services.ts'

export interface LiveEntries {
  readonly entries: ReadonlyMap<string, LiveEntry>
  /** Keys of kept state that this snapshot has asked for. */
  readonly kept: readonly string[]
  /** To be called when it serves. */
  readonly beginnings: ReadonlyArray<() => void>
}

/**
 * Runs `setup` once per enabled entry, all at the same time, each within `timeouts.setup`.
 *
 * @throws GatewayError naming the plugin; what had been set up is closed again
 */
export async function setUpEntries (config: Config, registry: PluginRegistry, root: FastifyInstance, services: SnapshotServices): Promise<LiveEntries> {
  const consumers = new Consumers(config)
  const kept: string[] = []
  const beginnings: Array<() => void> = []
  const entries = new Map<string, LiveEntry>()
  const outcomes = await Promise.allSettled(config.plugins.filter(entry => entry.enabled).map(async entry => {
    const definition = registry.get(entry.name)
    if (definition === undefined) throw new GatewayError('SP_PLUGIN_UNKNOWN', 500, `plugin '${entry.name}' is not loaded`)
    const late = { is: false }
    const gateway = pluginGateway({ consumers, config, services: config.services, authorities: config.ca_certificates, exempt: config.gateway.exempt }, entry, root, services, { kept, beginnings, late })
    const work = setUp(definition, entry, gateway)
    const state = await withDeadline(work, config.gateway.timeouts.setup, entry).catch(error => {
      // one that comes late has nobody who would close it, nor what it asks for
      late.is = true
      work.then(late => definition.close?.(late as never)).catch(() => {})
      throw error
    })
    entries.set(entry.id, { entry, definition, state })
  }))
  const failed = outcomes.find(outcome => outcome.status === 'rejected')
  if (failed !== undefined) {
    await closeEntries(entries, kept, services)
    throw failed.reason
  }
  return { entries, kept, beginnings }
}

/** Closes what `setUpEntries` made. A plugin that fails at that is logged, and keeps nobody else open. */
export async function closeEntries (entries: ReadonlyMap<string, LiveEntry>, kept: readonly string[], services: SnapshotServices): Promise<void> {
  for (const { definition, entry, state } of entries.values()) {
    try {
      await definition.close?.(state)
    } catch (error) {
      services.log.error({ err: error, plugin: entry.name }, 'a plugin failed to close')
    }
  }
  for (const key of kept) {
    await services.kept.release(key).catch(error => services.log.error({ err: error, key }, 'kept state failed to close'))
  }
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

function pluginGateway ({ consumers, config, services, authorities, exempt }: Pick<PluginGateway, 'consumers' | 'exempt'> & { config: Config, services: readonly Service[], authorities: readonly CaCertificate[] }, entry: PluginEntry, root: FastifyInstance, shared: SnapshotServices, { kept, beginnings, late }: { kept: string[], beginnings: Array<() => void>, late: { readonly is: boolean } }): PluginGateway {
  function keep<T> (key: string, create: () => T, close?: (state: T) => void | Promise<void>): T {
    if (late.is) throw new Error(`the setup of '${entry.name}' was given up: nothing is kept for it`)
    const state = shared.kept.acquire(key, create, close)
    kept.push(key)
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
    consumers,
    exempt,
    service (nameOrId) {
      const found = services.find(({ id, name }) => id === nameOrId || name === nameOrId)
      if (found === undefined) throw new TypeError(`no service '${nameOrId}'`)
      return found
    },
    caCertificate (nameOrId) {
      const found = authorities.find(({ id, name }) => id === nameOrId.toLowerCase() || name === nameOrId)
      if (found === undefined) throw new TypeError(`no authority '${nameOrId}'`)
      return found
    },
    keep: (key, create, close) => keep(`${identityOf(entry)}|${key}`, create, close),
    share: (key, create, close) => keep(`shared|${key}`, create, close),
    serving (then) {
      beginnings.push(then)
    }
  }
}
