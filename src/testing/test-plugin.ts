import { pino } from 'pino'
import { loadConfig } from '../config/load.ts'
import { GatewayServer } from '../gateway/gateway-server.ts'
import { type BrandedPlugin, definePlugin, type FastifyBaseLogger, Type } from '../plugin.ts'
import { type ClientAnswer, type ClientRequest, send } from './client.ts'
import { type Clock, createClock } from './clock.ts'
import { closeAtEnd, type TestContext } from './test-context.ts'
import type { ReceivedRequest } from './loopback-server.ts'
import { StubUpstream, type UpstreamHandler } from './stub-upstream.ts'

/** Who calls, as an authentication plugin would have found out. */
export interface Caller {
  readonly username: string
  readonly custom_id?: string
}

export interface TestPluginOptions {
  readonly plugin: BrandedPlugin
  /** As under `config:` in the file; checked by the plugin's schema and `check`. */
  readonly config?: object
  /** Level at which the entry stands; default `route`. */
  readonly level?: 'global' | 'service' | 'route' | 'consumer'
  /** Fields of the route, as in the file; by default it takes every path and strips nothing. */
  readonly route?: object
  /** Fields of the service, as in the file; null: the route has none. */
  readonly service?: object | null
  /** The file's `gateway:` block. */
  readonly gateway?: object
  /** Other plugins on the same route. */
  readonly beside?: ReadonlyArray<{ readonly plugin: BrandedPlugin, readonly config?: object }>
  /** Default: 200 with an empty body. */
  readonly upstream?: UpstreamHandler
  readonly consumer?: Caller
  /** Further consumers with their credentials, as in the file. */
  readonly consumers?: readonly object[]
  /** Consumer groups, as in the file. */
  readonly consumerGroups?: readonly object[]
  /** `ca_certificates`, as in the file. */
  readonly authorities?: readonly object[]
  /** Where the clock stands at the start, in milliseconds since the epoch; default 2030-01-01. */
  readonly now?: number
}

/** A plugin that runs. */
export interface PluginTest {
  /** Sends a request through the gateway. @throws what `upstream` threw */
  request (request?: string | ClientRequest): Promise<ClientAnswer>
  /** What the upstream got, in order. */
  readonly received: readonly ReceivedRequest[]
  /** What plugins added to the access log, one item a request that has ended. */
  readonly log: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly clock: Clock
  /** Where the gateway listens, on 127.0.0.1: for clients that send what `request` can't. */
  readonly port: number
  /** Only needed without a test context. */
  close (): Promise<void>
}

const START = Date.UTC(2030, 0, 1)

/**
 * Runs one plugin.
 *
 * @param t closes everything when the test ends
 * @throws Error with all diagnostics, when the options don't make a valid file
 */
export async function testPlugin (t: TestContext, options: TestPluginOptions): Promise<PluginTest>
export async function testPlugin (options: TestPluginOptions): Promise<PluginTest>
export async function testPlugin (first: TestContext | TestPluginOptions, second?: TestPluginOptions): Promise<PluginTest> {
  const options = second ?? first as TestPluginOptions
  const upstream = new StubUpstream(options.upstream ?? (() => ({})))
  const port = await upstream.listen()
  try {
    const test = await start(options, upstream, port)
    if (second !== undefined) closeAtEnd(first as TestContext, test.close)
    return test
  } catch (error) {
    await upstream.close()
    throw error
  }
}

async function start (options: TestPluginOptions, upstream: StubUpstream, upstreamPort: number): Promise<PluginTest> {
  const caller = options.consumer === undefined ? [] : [createCaller(options.consumer)]
  const plugins = [...caller, options.plugin, ...(options.beside ?? []).map(other => other.plugin)]
  const loaded = {
    registry: new Map(plugins.map(plugin => [plugin.name, plugin])),
    problems: [],
    modules: []
  }
  const { config, diagnostics } = await loadConfig({
    file: 'gateway.yaml',
    text: JSON.stringify(describeFile(options, upstreamPort, caller)),
    env: {},
    loadPlugins: async () => loaded
  })
  if (config === null) {
    const errors = diagnostics.filter(diagnostic => diagnostic.severity === 'error')
    throw new Error(errors.map(({ path, cause, mend }) => `${path}: ${cause}. ${mend}`).join('\n'))
  }

  const clock = createClock(options.now ?? START)
  const log: Array<Record<string, unknown>> = []
  const server = await GatewayServer.create({
    config,
    registry: loaded.registry,
    log: pino({ level: 'silent' }) as unknown as FastifyBaseLogger,
    directory: process.cwd(),
    now: clock.now,
    accessLog: () => context => { log.push({ ...context.logFields }) }
  })
  await server.listen()
  const port = server.addresses[0]?.port as number

  return {
    received: upstream.received,
    log,
    clock,
    port,
    async request (request = {}) {
      const answer = await send(port, typeof request === 'string' ? { path: request } : request)
      upstream.check()
      return answer
    },
    async close () {
      const drained = server.drain()
      server.destroy()
      await drained
      await server.close()
      await upstream.close()
    }
  }
}

/** gateway.yaml, as an object. */
function describeFile (options: TestPluginOptions, upstreamPort: number, caller: readonly BrandedPlugin[]): object {
  const { level = 'route', consumer } = options
  const entry = { name: options.plugin.name, config: options.config ?? {} }
  const others = [...caller, ...options.beside ?? []].map(other => 'plugin' in other
    ? { name: other.plugin.name, config: other.config ?? {} }
    : { name: other.name })
  const route = {
    name: 'route',
    paths: ['/'],
    strip_path: false,
    ...options.route,
    plugins: level === 'route' ? [...others, entry] : others
  }
  return {
    _format_version: '3.0',
    gateway: { listen: [{ host: '127.0.0.1', port: 0 }], admin: 'off', ...options.gateway },
    ...options.service === null
      ? { routes: [route] }
      : {
          services: [{
            name: 'service',
            protocol: 'http',
            host: '127.0.0.1',
            port: upstreamPort,
            ...options.service,
            routes: [route],
            plugins: level === 'service' ? [entry] : []
          }]
        },
    plugins: level === 'global' ? [entry] : [],
    ca_certificates: options.authorities ?? [],
    consumer_groups: options.consumerGroups ?? [],
    consumers: [
      ...consumer === undefined ? [] : [{ ...consumer, plugins: level === 'consumer' ? [entry] : [] }],
      ...options.consumers ?? []
    ]
  }
}

/** Says who calls, before every other plugin. */
function createCaller ({ username }: Caller): BrandedPlugin {
  return definePlugin({
    name: 'test-caller',
    priority: Number.MAX_SAFE_INTEGER,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['route'],
    setup: (_config, gateway) => gateway.consumers.find(username) ?? null,
    register (scope, { state }) {
      scope.addHook('onRequest', function testCaller (request, _reply, done) {
        request.gateway.consumer = state
        done()
      })
    }
  })
}
