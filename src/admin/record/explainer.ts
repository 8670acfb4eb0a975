import { createExplainer } from '../../explain/explain.ts'
import type { Config } from '../../config/model.ts'
import type { Context } from '../../gateway/context.ts'
import type { PluginRegistry } from '../../plugins.ts'

/** Explains requests that are debugged, when they have ended. Routes are compiled for it at the first one. */
export function explainerOf (config: Config, registry: PluginRegistry): (context: Context) => unknown {
  let explain: ReturnType<typeof createExplainer> | null = null
  return ({ raw, method, scheme, host, port, target, connection, consumer }) => {
    try {
      explain ??= createExplainer({ config, registry })
      const { rawHeaders } = raw
      const headers = rawHeaders.flatMap((name, index) => index % 2 === 0 ? [[name, rawHeaders[index + 1] as string] as const] : [])
      const url = target.startsWith('/') ? `${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${target}` : target
      return explain({ method, url, headers, ip: connection.address, ...consumer === null ? {} : { consumer: consumer.id } })
    } catch {
      // of what no client should have sent
      return null
    }
  }
}
