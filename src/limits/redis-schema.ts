import { X509Certificate } from 'node:crypto'
import { Type } from 'typebox'

const Port = (example: number) => Type.Integer({ title: 'Port', description: 'TCP port.', minimum: 1, maximum: 65_535, default: 6379, examples: [example] })
const Text = (title: string, description: string, example: string) => Type.String({ title, description, minLength: 1, examples: [example] })
const Secret = (title: string, description: string) => Type.String({ title, description, minLength: 1, secret: true, examples: ['{vault://env/REDIS_PASSWORD}'] })

/** How Redis (or Valkey) is reached: Kong's fields, those of the paid edition for Sentinel and Cluster included. */
export const RedisOptions = Type.Object({
  host: Type.Optional(Text('Host', 'Name or address of a single Redis.', 'redis.internal')),
  port: Port(6380),
  username: Type.Optional(Text('User', 'User of the access control list.', 'sallyport')),
  password: Type.Optional(Secret('Password', 'Password of the user.')),
  database: Type.Integer({ title: 'Database', description: 'Number of the database; a cluster has 0 alone.', minimum: 0, default: 0, examples: [1] }),
  timeout: Type.Integer({ title: 'Timeout', description: 'Milliseconds that a decision may take before Redis counts as down.', minimum: 1, default: 50, examples: [20] }),
  ssl: Type.Boolean({ title: 'TLS', description: 'Encrypt the connection.', default: false, examples: [true] }),
  ssl_verify: Type.Boolean({ title: 'Verify', description: 'Verify the certificate of Redis.', default: true, examples: [false] }),
  server_name: Type.Optional(Text('Server name', 'Name in the certificate, where it isn\'t `host`.', 'redis.example.com')),
  ca_certificate: Type.Optional(Text('Authority', 'Certificates in PEM of the authorities that are trusted, instead of those that Node knows. `\\n` stands for the end of a line.', '{vault://env/REDIS_CA}')),
  sentinel_master: Type.Optional(Text('Sentinel master', 'Name of the master that the sentinels know.', 'main')),
  sentinel_nodes: Type.Optional(Type.Array(Type.Object({
    host: Text('Host', 'Name or address of a sentinel.', 'sentinel-1.internal'),
    port: Port(26_379)
  }, { title: 'Sentinel', description: 'A sentinel.', additionalProperties: false, examples: [{ host: 'sentinel-1.internal', port: 26_379 }] }), {
    title: 'Sentinels', description: 'Sentinels that say where the master is, in place of `host`.', minItems: 1, examples: [[{ host: 'sentinel-1.internal', port: 26_379 }]]
  })),
  sentinel_username: Type.Optional(Text('Sentinel user', 'User at the sentinels.', 'sallyport')),
  sentinel_password: Type.Optional(Secret('Sentinel password', 'Password at the sentinels.')),
  cluster_nodes: Type.Optional(Type.Array(Type.Object({
    ip: Text('Host', 'Name or address of a node.', '10.0.0.1'),
    port: Port(6379)
  }, { title: 'Node', description: 'A node.', additionalProperties: false, examples: [{ ip: '10.0.0.1', port: 6379 }] }), {
    title: 'Cluster nodes', description: 'Some nodes of a Redis Cluster, which name the others, in place of `host`.', minItems: 1, examples: [[{ ip: '10.0.0.1', port: 6379 }]]
  }))
}, {
  title: 'Redis',
  description: 'How Redis is reached.',
  additionalProperties: false,
  examples: [{ host: 'redis.internal' }]
})

/** `sync_rate`, as in Kong. */
export const SyncRate = Type.Number({
  title: 'Sync rate',
  description: 'Seconds between two rounds in which Redis is told what was counted here, from 0.02: decisions are made in memory then, and the limit may be overrun in between. -1: each decision is made in Redis.',
  minimum: -1,
  maximum: 3600,
  default: -1,
  examples: [0.5]
})

/** What is wrong with `sync_rate`. */
export function * syncFindings (policy: 'local' | 'redis', rate: number): Generator<{ path: string, message: string, mend: string }> {
  if (rate === -1) return
  if (rate < 0.02) yield { path: '/sync_rate', message: '`sync_rate` is -1, or 0.02 seconds and more', mend: 'Write -1 to make each decision in Redis.' }
  else if (policy === 'local') yield { path: '/sync_rate', message: '`sync_rate` needs `policy: redis`', mend: 'Add it, or remove `sync_rate`.' }
}

type Written = { readonly [Key in 'host' | 'ssl' | 'ca_certificate' | 'sentinel_master' | 'sentinel_nodes' | 'cluster_nodes' | 'database']?: unknown }

/** What is wrong with where Redis is said to be. @param option name of the one that chooses Redis */
export function * redisFindings (policy: string, redis: Written | undefined, option = 'policy'): Generator<{ path: string, message: string, mend: string }> {
  if (policy !== 'redis') return
  if (redis === undefined) {
    yield { path: `/${option}`, message: `\`${option}: redis\` needs \`redis\``, mend: 'Add `redis`, with the `host`.' }
    return
  }
  const places = (['host', 'sentinel_nodes', 'cluster_nodes'] as const).filter(name => redis[name] !== undefined)
  if (places.length !== 1) yield { path: '/redis', message: 'exactly one of `host`, `sentinel_nodes` and `cluster_nodes` says where Redis is', mend: places.length === 0 ? 'Add `host`.' : 'Keep one of them.' }
  if ((redis.sentinel_nodes === undefined) !== (redis.sentinel_master === undefined)) yield { path: '/redis', message: '`sentinel_nodes` and `sentinel_master` go together', mend: 'Write both, or neither.' }
  if (redis.ca_certificate !== undefined) yield * authorityFindings(String(redis.ca_certificate), redis.ssl === true)
  if (redis.cluster_nodes !== undefined && redis.database !== 0) yield { path: '/redis/database', message: 'a cluster has database 0 alone', mend: 'Remove `database`.' }
}

function * authorityFindings (pem: string, ssl: boolean): Generator<{ path: string, message: string, mend: string }> {
  if (!ssl) yield { path: '/redis/ca_certificate', message: '`ca_certificate` is of no use without `ssl`', mend: 'Add `ssl: true`.' }
  // tls.connect takes anything for `ca`, and then trusts nobody
  const certificates = pem.replaceAll('\\n', '\n').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    yield { path: '/redis/ca_certificate', message: 'this is no certificate in PEM', mend: 'Write the whole text, from -----BEGIN CERTIFICATE----- to the end.' }
  }
}

function isCertificate (pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== ''
  } catch {
    return false
  }
}
