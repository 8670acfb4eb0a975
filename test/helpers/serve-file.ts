import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { GatewayServer, GatewayServerOptions } from '../../src/gateway/gateway-server.ts'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { loadPlugins } from '../../src/plugins.ts'
import { startGateway } from './gateway.ts'

export interface ServeOptions extends Partial<GatewayServerOptions> {
  readonly env?: Record<string, string>
  /** Beside the built-in ones. */
  readonly plugins?: readonly BrandedPlugin[]
}

/**
 * A gateway that runs a file, with the built-in plugins, for the time of a test.
 *
 * @param yaml without `_format_version` and `gateway:`
 * @throws Error with what `check` says of a file that isn't valid
 */
export async function serveFile (t: Test, yaml: string, options: ServeOptions = {}): Promise<{ server: GatewayServer, port: number }> {
  const { env = {}, plugins = [], ...rest } = options
  const { config, diagnostics, plugins: loaded } = await loadConfig({
    file: 'gateway.yaml',
    text: `_format_version: "3.0"\ngateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: "off" }\n${yaml}`,
    env,
    async loadPlugins (modules, directory) {
      const found = await loadPlugins(modules, directory)
      return { ...found, registry: new Map([...found.registry, ...plugins.map(plugin => [plugin.name, plugin] as const)]) }
    }
  })
  if (config === null) throw new Error(diagnostics.map(({ path, cause, mend }) => `${path}: ${cause}. ${mend}`).join('\n'))
  return await startGateway(t, config, [...loaded.registry.values()], rest)
}
