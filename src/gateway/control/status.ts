/** What `/status` tells. Names and numbers only: no value of the configuration, which may be a secret. */
import type { Diagnostic } from '../../config/diagnostics.ts'
import type { Config } from '../../config/model.ts'
import { version } from '../../version.ts'
import type { BoundAddress, ProcessFacts } from '../engine.ts'
import type { ReloadOutcome, ReloadTrigger } from './reload.ts'

export interface GatewayStatus {
  readonly version: string
  /** Of Node.js. */
  readonly node: string
  readonly pid: number
  readonly state: string
  /** ISO 8601, as all times here. */
  readonly started_at: string
  readonly configuration: {
    readonly file: string
    /** SHA-256 of the file's text. */
    readonly hash: string
    /** Counts the configurations of this gateway, from 1. */
    readonly snapshot: number
    readonly loaded_at: string
    /** What it has put back; null: the file's own configuration runs. */
    readonly rolled_back: { readonly snapshot: number } | null
    readonly services: number
    readonly routes: number
    readonly plugins: number
    readonly consumers: number
  }
  /** null before the first one. */
  readonly last_reload: {
    readonly ok: boolean
    readonly trigger: ReloadTrigger
    readonly at: string
    /** Milliseconds. */
    readonly took: number
    readonly error: string | null
    readonly diagnostics: readonly Diagnostic[]
  } | null
  readonly listen: readonly BoundAddress[]
  readonly connections: number
  readonly requests: { readonly in_flight: number, readonly total: number, readonly shed: number }
  /** Lines lost because their reader was too slow or gone. */
  readonly access_log: { readonly dropped: number }
  readonly workers: { readonly configured: number, readonly running: number, readonly restarts: number }
  /** Those that serve: this process, or each worker. */
  readonly processes: readonly ProcessFacts[]
}

export interface StatusFacts {
  readonly state: string
  readonly startedAt: number
  readonly loadedAt: number
  readonly number: number
  readonly config: Config
  readonly hash: string
  readonly rolledBack: number | null
  readonly lastReload: ReloadOutcome | null
  readonly addresses: readonly BoundAddress[]
  readonly workers: { readonly configured: number, readonly restarts: number }
  readonly relayDropped: number
  readonly processes: readonly ProcessFacts[]
}

export function gatewayStatus (facts: StatusFacts): GatewayStatus {
  const { config, lastReload: last, processes } = facts
  const sum = (of: (each: ProcessFacts) => number): number => processes.reduce((total, each) => total + of(each), 0)
  return {
    version,
    node: process.version,
    pid: process.pid,
    state: facts.state,
    started_at: new Date(facts.startedAt).toISOString(),
    configuration: {
      file: config.file,
      hash: `sha256:${facts.hash}`,
      snapshot: facts.number,
      loaded_at: new Date(facts.loadedAt).toISOString(),
      rolled_back: facts.rolledBack === null ? null : { snapshot: facts.rolledBack },
      services: config.services.length,
      routes: config.routes.length,
      plugins: config.plugins.length,
      consumers: config.consumers.length
    },
    last_reload: last === null ? null : { ok: last.ok, trigger: last.trigger, at: new Date(last.at).toISOString(), took: last.took, error: last.error, diagnostics: last.diagnostics },
    listen: facts.addresses,
    connections: sum(each => each.connections),
    requests: { in_flight: sum(each => each.requests.in_flight), total: sum(each => each.requests.total), shed: sum(each => each.requests.shed) },
    access_log: { dropped: facts.relayDropped + sum(each => each.access_log.dropped) },
    workers: { ...facts.workers, running: processes.length },
    processes
  }
}

/** Diagnostics that are told in brief: errors come first. */
const MOST_DIAGNOSTICS = 20

/** Without lists that grow with the file, for who asks every other second: of circuit breakers, those that are not closed. */
export function inBrief (status: GatewayStatus): GatewayStatus {
  const { last_reload: last, processes } = status
  return {
    ...status,
    last_reload: last === null ? null : { ...last, diagnostics: last.diagnostics.slice(0, MOST_DIAGNOSTICS) },
    processes: processes.map(process => ({
      ...process,
      upstreams: [],
      limits: [],
      pools: [],
      circuit_breakers: process.circuit_breakers.filter(({ state }) => state !== 'closed')
    }))
  }
}
