import type { Test } from 'tap'
import type { GatewaySettings, PluginEntry, Route, Service } from '../../src/config/model.ts'
import type { GatewayServer } from '../../src/gateway/gateway-server.ts'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { config, entry, route, service, settings } from './config.ts'
import { startGateway } from './gateway.ts'
import { eventually } from './raw-upstream.ts'

export interface HopOptions {
  readonly service?: Partial<Service>
  readonly route?: Partial<Route>
  readonly routes?: readonly Route[]
  readonly gateway?: Partial<GatewaySettings>
  /** Each stands in the chain of every route. */
  readonly plugins?: readonly BrandedPlugin[]
  readonly entries?: readonly PluginEntry[]
}

/** A gateway with one service at this port, and one route to it unless told otherwise. */
export async function startHop (t: Test, port: number, options: HopOptions = {}): Promise<{ server: GatewayServer, port: number }> {
  const plugins = options.plugins ?? []
  return await startGateway(t, config({
    gateway: settings(options.gateway),
    services: [service({ port, ...options.service })],
    routes: [...options.routes ?? [route(options.route)]],
    plugins: [...options.entries ?? plugins.map(plugin => entry({ name: plugin.name }))]
  }), plugins)
}

/** Nothing leaked: the gateway counts no request any more. */
export async function settled (server: GatewayServer): Promise<void> {
  await eventually(() => server.facts().requests === 0)
}

/** A request line with Host and whatever else, ready to send. */
export function get (path = '/', ...fields: string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: gateway.test\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`
}
