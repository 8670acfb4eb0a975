import type { ConnectionOptions } from 'node:tls'
import type { Cluster, Redis } from 'ioredis'
import { ioredis } from '../../lazy-packages.ts'

/** Kong's names of what is needed to reach Redis, those of the paid edition included. */
export interface RedisSettings {
  readonly host?: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly database: number
  /** Milliseconds that a decision may take. */
  readonly timeout: number
  readonly ssl: boolean
  readonly ssl_verify: boolean
  readonly server_name?: string
  /** PEM; authorities that are trusted instead of those that Node knows. */
  readonly ca_certificate?: string
  readonly sentinel_master?: string
  readonly sentinel_nodes?: ReadonlyArray<{ readonly host: string, readonly port: number }>
  readonly sentinel_username?: string
  readonly sentinel_password?: string
  readonly cluster_nodes?: ReadonlyArray<{ readonly ip: string, readonly port: number }>
}

const CONNECT_TIMEOUT = 2000
const LONGEST_PAUSE = 1000

/** A client that connects by itself, again and again. Commands fail at once while there is no connection. */
export function connectRedis (settings: RedisSettings): Redis | Cluster {
  const pause = (attempt: number): number => Math.min(attempt * 50, LONGEST_PAUSE)
  const tls = tlsOptions(settings)
  const options = {
    ...(settings.username === undefined ? {} : { username: settings.username }),
    ...(settings.password === undefined ? {} : { password: settings.password }),
    ...(tls === null ? {} : { tls }),
    commandTimeout: settings.timeout,
    connectTimeout: CONNECT_TIMEOUT,
    enableOfflineQueue: false,
    // what was under way when a connection broke is decided elsewhere by then: sent again it would count twice
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // a master that became a replica: whoever is behind the name now is asked
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    retryStrategy: pause
  }
  const client = createClient(settings, options, pause, tls)
  // every command tells of it as well
  client.on('error', () => {})
  return client
}

function tlsOptions ({ ssl, ssl_verify: verify, server_name: name, ca_certificate: ca }: RedisSettings): ConnectionOptions | null {
  if (!ssl) return null
  return { rejectUnauthorized: verify, ...(name === undefined ? {} : { servername: name }), ...(ca === undefined ? {} : { ca: ca.replaceAll('\\n', '\n') }) }
}

function createClient (settings: RedisSettings, options: Readonly<Record<string, unknown>>, pause: (attempt: number) => number, tls: ConnectionOptions | null): Redis | Cluster {
  const { cluster_nodes: nodes, sentinel_nodes: sentinels } = settings
  const { Cluster, Redis } = ioredis()
  if (nodes !== undefined) {
    return new Cluster(nodes.map(({ ip, port }) => ({ host: ip, port })), {
      redisOptions: options,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      autoPipeliningIgnoredCommands: ['eval'],
      // a slot that moves is followed; a node that is gone is waited for by nobody
      maxRedirections: 3,
      retryDelayOnFailover: 10,
      retryDelayOnClusterDown: 10,
      retryDelayOnTryAgain: 10,
      clusterRetryStrategy: pause
    })
  }
  // no pipelining by ioredis: it costs a turn of the event loop and 16 µs a command, and decisions are gathered before
  const single = { ...options, db: settings.database } as const
  if (sentinels === undefined) return new Redis({ ...single, host: settings.host ?? '127.0.0.1', port: settings.port })
  return new Redis({
    ...single,
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: settings.sentinel_master ?? '',
    sentinelRetryStrategy: pause,
    // without these ioredis speaks in clear, to the master as well
    ...(tls === null ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
    ...(settings.sentinel_username === undefined ? {} : { sentinelUsername: settings.sentinel_username }),
    ...(settings.sentinel_password === undefined ? {} : { sentinelPassword: settings.sentinel_password })
  })
}
