import type { Cluster, Redis } from 'ioredis'
import type { Pointer } from '../config/model.ts'
import { connectRedis, type RedisSettings } from '../stores/redis/connect.ts'
import type { LiveProblem, Probe, ProbeContext } from './probe.ts'

export type LiveRedis = RedisSettings

/** Signs on, asks for a sign of life, and runs a script that may write and doesn't: what the gateway's stores need. */
export function redisProbe (pointer: Pointer, settings: LiveRedis): Probe {
  return {
    key: JSON.stringify(['redis', settings]),
    pointer,
    run: async context => await tryRedis(connectRedis({ ...settings, timeout: context.timeout }), context, true)
  }
}

/** The list of revoked tokens: is read, no script runs. */
export function redisUrlProbe (pointer: Pointer, url: string): Probe {
  return {
    key: JSON.stringify(['redis-url', url]),
    pointer,
    async run (context) {
      const { Redis } = await import('ioredis')
      const client = new Redis(url, { connectTimeout: context.timeout, commandTimeout: context.timeout, maxRetriesPerRequest: 0, enableOfflineQueue: false, retryStrategy: () => 50 })
      client.on('error', () => {})
      return await tryRedis(client, context, false)
    }
  }
}

/** Of a key that nobody has: Redis refuses it where it would refuse a counter, and changes nothing. */
const TRIES_TO_WRITE = "return redis.call('PEXPIREAT', KEYS[1], 1)"

/** What is read isn't in the protocol of Redis. */
const NO_REDIS = /^(?:Protocol error|Unknown RESP)/i

async function tryRedis (client: Redis | Cluster, { signal, timeout }: ProbeContext, scripts: boolean): Promise<LiveProblem[]> {
  let last: NodeJS.ErrnoException | null = null
  // of a cluster each node has a word of its own
  client.on('error', (error: NodeJS.ErrnoException & { lastNodeError?: NodeJS.ErrnoException }) => {
    // what follows on an answer that can't be read says less
    if (last === null || !NO_REDIS.test(last.message)) last = error.lastNodeError ?? error
  })
  try {
    await ready(client, signal)
    await client.ping()
    if (scripts) await client.eval(TRIES_TO_WRITE, 1, 'sallyport:check')
    return []
  } catch (error) {
    return [redisProblem(last ?? error as NodeJS.ErrnoException, timeout)]
  } finally {
    client.disconnect()
  }
}

async function ready (client: Redis | Cluster, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException & { lastNodeError?: NodeJS.ErrnoException }): void => {
      const failure = error.lastNodeError ?? error
      reject(failure)
    }
    client.once('ready', () => resolve()).once('error', fail)
    // ioredis waits without a word for a cluster that says of itself that it is down; where no node answers, an error comes as well
    if (client.isCluster) client.once('close', () => setImmediate(fail, new Error('CLUSTERDOWN')))
    signal.addEventListener('abort', () => reject(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })))
  })
}

/** Redis' own words may quote what it was sent: their first word says enough. */
function redisProblem (error: NodeJS.ErrnoException, timeout: number): LiveProblem {
  const { code = '', message } = error
  const [word = ''] = /^[A-Z]{2,}/.exec(message) ?? []
  const told = (cause: string, mend: string): LiveProblem => ({ rule: 'live-redis', cause, mend })
  if (word === 'NOAUTH') return told('Redis asks for a password', 'Add `password`, from a reference.')
  if (word === 'WRONGPASS' || /invalid password/.test(message)) return told('Redis refuses user and password', 'Correct `username` and `password`.')
  if (/without any password configured/.test(message)) return told('Redis has no password for this user, and one is sent', 'Remove `password`, or set it there.')
  if (word === 'NOPERM') return told('the user may not do in Redis what the gateway does', 'Allow it the commands PING, EVAL and EVALSHA, and those on hashes and keys (`+@all` on the keys of the gateway).')
  if (word === 'READONLY' || /READONLY/.test(message)) return told('this Redis is a replica, and takes no counters', 'Name its master; with Sentinel, name the sentinels in `sentinel_nodes` instead.')
  if (word === 'MOVED') return told('this Redis is a node of a Redis Cluster', 'Write `cluster_nodes` in place of `host` and `port`.')
  if (word === 'CLUSTERDOWN') return told('the Redis Cluster is down: not all of its slots have a node', 'Look at `redis-cli cluster info`.')
  if (/DB index is out of range/i.test(message)) return told('Redis has no database of this number', 'Correct `database`: Redis has 16, from 0, unless it is told otherwise.')
  if (NO_REDIS.test(message)) return told('what answers there is no Redis', 'Correct host and port; with `ssl: false`, it may speak TLS on this port.')
  if (code === 'ECONNRESET' || code === 'EPIPE') return told('the connection is closed at once', 'See that Redis listens there, and write `ssl: true` where it speaks TLS on this port.')
  if (code === 'ECONNREFUSED') return told('nothing listens where Redis should be', 'Start it, or correct host and port.')
  if (code === 'ENOTFOUND') return told('there is no such host as Redis is said to be on', 'Correct the host.')
  if (code === 'ETIMEDOUT' || /timed? ?out/i.test(message)) return told(`Redis does not answer within ${timeout} ms`, 'See that a firewall lets the gateway through; with `ssl`, that it speaks TLS on this port.')
  if (/sentinel/i.test(message)) return told('no sentinel tells where the master is', 'Correct `sentinel_nodes`, `sentinel_master` and the password of the sentinels.')
  if (/CLUSTER|cluster support disabled/i.test(message)) return told('this is no Redis Cluster', 'Write `host` and `port` in place of `cluster_nodes`.')
  if (/CERT|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) return told(`Redis' certificate is not trusted (${code})`, 'Name its authority in `ca_certificate`, or its name in `server_name`.')
  return told(`Redis can't be used (${code === '' ? word === '' ? 'no code' : word : code})`, 'See that it is reached from here, and speaks TLS where `ssl` says so.')
}
