import { dirname } from 'node:path'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { Config } from '../config/model.ts'
import { Report } from '../config/report.ts'
import type { Source } from '../config/source.ts'
import { createNameServer } from '../upstream/dns/name-server.ts'
import { pluginProbes } from './plugins.ts'
import type { LiveProblem, Probe, ProbeContext } from './probe.ts'
import { serviceProbes } from './services.ts'

/** At the same time: a name server or a firewall that counts connections shall not mind. */
const PARALLEL = 8

export interface LiveOptions {
  /** Milliseconds for each. */
  readonly timeout: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface LiveResult {
  readonly diagnostics: readonly Diagnostic[]
  /** How many things were tried. */
  readonly tried: number
}

/**
 * Tries what a configuration speaks to: names, connections, handshakes, providers, stores. Nothing is changed anywhere, and no secret
 * goes where the gateway wouldn't send it.
 */
export async function checkLive (config: Config, source: Source, { timeout, now }: LiveOptions): Promise<LiveResult> {
  const places = new Map<string, [Probe, ...Probe[]]>()
  for (const probe of [...serviceProbes(config, source), ...pluginProbes(config, source)]) {
    const same = places.get(probe.key)
    if (same === undefined) places.set(probe.key, [probe])
    else same.push(probe)
  }
  const report = new Report(source.file)
  const names = createNameServer(config.gateway.dns)
  const queue = [...places.values()]
  const context = { timeout, now, names, directory: dirname(config.file) }
  async function work (): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [first, ...others] = next
      for (const problem of await inTime(first, context)) {
        report.at(source, first.pointer, {
          severity: 'error',
          ...problem,
          related: others.slice(0, 5).map(({ pointer }) => ({ range: source.locate(pointer), message: 'and here' }))
        })
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work))
  } finally {
    names.close()
  }
  return { diagnostics: report.list(), tried: places.size }
}

/** A probe that never ends is one that took too long. */
async function inTime (probe: Probe, context: Omit<ProbeContext, 'signal'>): Promise<readonly LiveProblem[]> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const { timeout } = context
  try {
    return await Promise.race([
      probe.run({ ...context, signal: late.signal }),
      new Promise<LiveProblem[]>(resolve => {
        timer = setTimeout(() => {
          late.abort()
          // those that listen to the signal have a better word
          setTimeout(() => resolve([{ rule: 'live-connect', cause: `there was no answer within ${timeout} ms`, mend: 'See that it is reached from here, or give it more time with --timeout.' }]), 50)
        }, timeout)
      })
    ])
  } finally {
    clearTimeout(timer)
  }
}
