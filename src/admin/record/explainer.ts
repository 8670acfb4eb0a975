import { createExplainer } from '../../explain/explain.ts'
import type { Config } from '../../config/model.ts'
import type { Context } from '../../gateway/context.ts'
import type { Redactor } from '../../observability/redaction.ts'
import type { PluginRegistry } from '../../plugins.ts'

/** As of the targets that are kept: what a client can send must not decide about our memory. */
const LONGEST = 512

/** Milliseconds: it runs where requests are served, some 0.1 ms a route. One that takes longer is followed by a pause, so that all take 5 % at most. */
const SHORT = 25

/**
 * Explains requests that are debugged, when they have ended. Routes are compiled for it at the first one.
 *
 * @param redactor of the configuration: without the text of the file, values that came from references are known by their look alone
 */
export function explainerOf (config: Config, registry: PluginRegistry, redactor: Redactor): (context: Context) => unknown {
  let explain: ReturnType<typeof createExplainer> | null = null
  let free = 0
  return ({ raw, method, scheme, host, port, target, connection, consumer }) => {
    const began = performance.now()
    if (began < free) return null
    try {
      explain ??= createExplainer({ config, registry, redactor })
      const { rawHeaders } = raw
      const headers = rawHeaders.flatMap((name, index) => index % 2 === 0 ? [[name, rawHeaders[index + 1] as string] as const] : [])
      const url = target.startsWith('/') ? `${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${target}` : target
      return cut(explain({ method, url, headers, ip: connection.address, ...consumer === null ? {} : { consumer: consumer.id } }), redactor)
    } catch {
      // of what no client should have sent
      return null
    } finally {
      const ended = performance.now()
      if (ended - began > SHORT) free = ended + 20 * (ended - began)
    }
  }
}

function cut (value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.secrets(redactor.authority(value)).slice(0, LONGEST)
  if (Array.isArray(value)) return value.map(item => cut(item, redactor))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cut(item, redactor)]))
}
