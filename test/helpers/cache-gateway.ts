import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import plugin from '../../plugins/proxy-cache/index.ts'
import type { Config } from '../../src/config/model.ts'
import type { GatewayServer } from '../../src/gateway/gateway-server.ts'
import { config as fileOf, entry, route, service } from './config.ts'
import { startGateway } from './gateway.ts'
import { completeConfig } from './plugin-config.ts'
import { type Answer, ask, until } from './running.ts'

export interface CacheGateway {
  readonly server: GatewayServer
  readonly port: number
  /** The whole configuration, with these options of the cache. */
  file (options: object): Config
  get (path?: string, headers?: Record<string, string>): Promise<Answer>
}

/** A gateway with a cache, in real time. */
export async function cacheGateway (t: Test, port: number, options: object = {}): Promise<CacheGateway> {
  const file = (config: object): Config => fileOf({ services: [service({ port, retries: 0 })], routes: [route()], plugins: [entry({ name: plugin.name, config: completeConfig(plugin, config) })] })
  const gateway = await startGateway(t, file(options), [plugin])
  return { ...gateway, file, get: async (path = '/', headers = {}) => await ask(gateway.port, path, { headers }) }
}

/** Brings other options into force, as a reload does. */
export async function reload ({ server, file }: CacheGateway, options: object): Promise<void> {
  const prepared = await server.prepare(file(options), new Map([[plugin.name, plugin]]))
  prepared.commit()
}

export type Held = readonly [IncomingMessage, ServerResponse]

/** A service that answers when it is told. */
export async function holding (t: Test): Promise<{ port: number, held: Held[], next: () => Promise<Held> }> {
  const held: Held[] = []
  const server = createServer((request, response) => { held.push([request.on('error', () => {}), response]) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    held,
    async next () {
      await until('the service was asked', () => held.length > 0)
      return held.shift() as Held
    }
  }
}

/** Header of an answer that is fresh for a minute. */
export const fresh = { 'content-type': 'text/plain', 'cache-control': 'max-age=60' }

/** Kong's word on an answer. */
export function state (answer: { headers: Record<string, unknown> }): unknown {
  return answer.headers['x-cache-status']
}
