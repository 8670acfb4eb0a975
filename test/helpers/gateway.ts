import type { Test } from 'tap'
import type { Config } from '../../src/config/model.ts'
import { GatewayServer, type GatewayServerOptions } from '../../src/gateway/gateway-server.ts'
import type { BrandedPlugin, FastifyBaseLogger } from '../../src/plugin.ts'
import { pino } from 'pino'

export const silent: FastifyBaseLogger = pino({ level: 'silent' }) as unknown as FastifyBaseLogger

/** A gateway that runs for the time of a test. */
export async function startGateway (t: Test, config: Config, plugins: readonly BrandedPlugin[] = [], options: Partial<GatewayServerOptions> = {}): Promise<{ server: GatewayServer, port: number }> {
  const server = await GatewayServer.create({
    config,
    registry: new Map(plugins.map(plugin => [plugin.name, plugin])),
    log: silent,
    directory: process.cwd(),
    ...options
  })
  await server.listen()
  t.teardown(async () => {
    const drained = server.drain()
    server.destroy()
    await drained
    await server.close()
  })
  return { server, port: server.addresses[0]?.port ?? 0 }
}
