/** Answers in Redis, with real servers. */
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { PluginGateway } from '../../src/plugin.ts'
import { decodeName, decodeRecord, encodeRecord } from '../../src/stores/cache/codec.ts'
import type { CachedAnswer, CacheRecord, Seen } from '../../src/stores/cache/cache-store.ts'
import { keepCache, owing } from '../../src/stores/cache/keep-cache.ts'
import { RedisCache } from '../../src/stores/cache/redis-cache.ts'
import { OwedDrops } from '../../src/stores/cache/owed-drops.ts'
import { Outage } from '../../src/stores/outage.ts'
import { connectRedis, type RedisSettings } from '../../src/stores/redis/connect.ts'
import { freePort } from '../helpers/free-port.ts'
import { startRedis } from '../helpers/redis.ts'
import { noRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/running.ts'

function answer (over: Partial<CachedAnswer> = {}): CachedAnswer {
  return {
    variesBy: null,
    id: 'id',
    status: 200,
    statusText: 'OK',
    fields: ['X-A', 'ü'],
    body: Buffer.from([0, 255, 10]),
    receivedAt: 1,
    initialAge: 2,
    lifetime: 3,
    staleWhileRevalidate: 4,
    staleIfError: 5,
    mustRevalidate: true,
    alwaysValidate: false,
    etag: '"e"',
    lastModified: null,
    shared: false,
    tags: [],
    expiresAt: Date.now() + 60_000,
    ...over
  }
}

function seen (): Seen {
  return { generation: null }
}

/** As a gateway does: after a look-up that found nothing. */
async function store (cache: RedisCache, uri: string, rest: string, record: CacheRecord): Promise<void> {
  const visit = seen()
  await cache.get(uri, rest, visit)
  cache.set(uri, rest, record, visit)
}

interface Opened { readonly cache: RedisCache, readonly client: ReturnType<typeof connectRedis>, readonly outage: Outage, readonly lines: string[] }

async function open (t: Test, settings: Partial<RedisSettings>): Promise<Opened> {
  const client = connectRedis({ port: 6379, database: 0, timeout: 2_000, ssl: false, ssl_verify: true, ...settings })
  t.teardown(() => client.disconnect())
  await until('Redis is reached', () => client.status === 'ready')
  const lines: string[] = []
  const line = (_: unknown, text?: string): void => { lines.push(text ?? String(_)) }
  const outage = new Outage({ log: { warn: line, info: line } as never, onStoreError: 'miss', keeps: 'answers' })
  return { cache: new RedisCache({ client, outage, owed: new OwedDrops(2), prefix: 'sallyport:test', largest: 1000, now: Date.now }), client, outage, lines }
}

t.test('records survive the way, and what is none is not read', async t => {
  for (const record of [answer(), answer({ body: Buffer.alloc(0) }), { variesBy: ['accept'], expiresAt: 5 }]) t.same(decodeRecord(encodeRecord('http://a/', record)), record)
  t.same(decodeName(encodeRecord('http://a/\u00e4', answer()).subarray(0, 60)), { uri: 'http://a/\u00e4', id: 'id' })
  t.same(decodeName(encodeRecord('http://a/', { variesBy: [], expiresAt: 5 })), { uri: 'http://a/', id: null })
  const good = encodeRecord('http://a/', answer())
  const old = Buffer.from(good)
  old[0] = 0
  const torn = Buffer.from(good)
  torn[9] = 0
  torn[60] = 0
  for (const bytes of [Buffer.alloc(0), old, good.subarray(0, 40), Buffer.from('rubbish that is long enough')]) t.equal(decodeRecord(bytes), null)
  t.equal(decodeName(torn), null)
  for (const bad of [answer({ fields: ['X-A', 'a\r\nX-B: b'] }), answer({ fields: ['X-A: b\r\nX', ''] }), answer({ fields: ['X-A', '\u2028'] }), answer({ statusText: 'OK\r\nX: 1' }), answer({ status: 99 }), answer({ status: 200.5 })]) {
    t.equal(decodeRecord(encodeRecord('http://a/', bad)), null, 'what would be a head of its own is not read')
  }
  t.equal(decodeName(good.subarray(0, 5)), null)
})

const stores = async (t: Test, { cache }: Opened): Promise<void> => {
  const found = async (uri: string, rest: string) => await cache.get(uri, rest, seen())
  const fill = async (): Promise<void> => {
    await store(cache, 'http://a/x', '1', answer({ id: 'k1', tags: ['red', 'blue'] }))
    await store(cache, 'http://a/x', '2', answer({ id: 'k2', tags: ['red'] }))
    await store(cache, 'http://a/y', '1', { variesBy: ['accept'], expiresAt: Date.now() + 60_000 })
    await store(cache, 'http://a/y', '1a', answer({ id: 'k3' }))
    await store(cache, 'http://b/', '1', answer({ id: 'k4', tags: ['blue'] }))
    await until('all is there', async () => await found('http://b/', '1') !== undefined && await found('http://a/y', '1a') !== undefined)
  }
  for (const [order, count] of [[{ tag: 'red' }, 2], [{ tag: 'none' }, 0], [{ url: 'http://a/x' }, 2], [{ prefix: 'http://a/' }, 3], [{ key: 'k3' }, 1], [{}, 0], [{ all: true }, 4]] as const) {
    await fill()
    t.equal(await cache.purge(order), count, JSON.stringify(order))
  }
  t.equal(await found('http://b/', '1'), undefined)
  await fill()
  cache.delete('http://a/x', '1')
  await until('one is dropped', async () => await found('http://a/x', '1') === undefined)
  t.ok(await found('http://a/x', '2'))
  cache.invalidate('http://a/x')
  await until('all of the URI are dropped', async () => await found('http://a/x', '2') === undefined)
  t.same((await found('http://b/', '1') as CachedAnswer).body, Buffer.from([0, 255, 10]))
  await store(cache, 'late', '', answer({ expiresAt: Date.now() - 1 }))
  t.equal(await found('late', ''), undefined)
}

t.test('one Redis', { skip: noRedis }, async t => {
  const { port } = await startRedis(t)
  const opened = await open(t, { host: '127.0.0.1', port })
  await stores(t, opened)
  for (const key of await opened.client.keys('*')) t.ok(await opened.client.pttl(key) > 0, `${key} expires`)
})

t.test('what is stored while others are dropped can be dropped later', { skip: noRedis }, async t => {
  const { port } = await startRedis(t)
  const { cache, client } = await open(t, { host: '127.0.0.1', port })
  const single = client as Redis
  await store(cache, 'http://a/', '1', answer())
  await until('it is stored', async () => await cache.get('http://a/', '1', seen()) !== undefined)
  const list = single.zrange.bind(single)
  single.zrange = (async (index: string, from: string, to: string) => {
    const keys = await list(index, from, to)
    await store(cache, 'http://a/', '2', answer())
    return keys
  }) as never
  t.equal(await cache.purge({ url: 'http://a/' }), 1)
  single.zrange = list
  t.ok(await cache.get('http://a/', '2', seen()))
  t.equal(await cache.purge({ url: 'http://a/' }), 1)
})

t.test('what is dropped while an answer is fetched is not stored, whoever drops it; what is fetched later is', { skip: noRedis }, async t => {
  const { port } = await startRedis(t)
  const [{ cache, client }, { cache: other }] = [await open(t, { host: '127.0.0.1', port }), await open(t, { host: '127.0.0.1', port })]
  const stored = async (): Promise<number> => (await client.keys('sallyport:test:r:*')).length
  const drops: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
    ['a change', async () => {
      other.invalidate('http://a/')
      await until('it is known', async () => (await client.get((await client.keys('sallyport:test:g:*'))[0] ?? '')) !== null)
    }],
    ...([{ url: 'http://a/' }, { tag: 'red' }, { prefix: 'http://' }, { key: 'id' }, { all: true }] as const).map(order => [JSON.stringify(order), async () => await other.purge(order)] as const)
  ]
  for (const [what, drop] of drops) {
    await client.flushall()
    await store(cache, 'http://a/', '1', answer({ tags: ['red'] }))
    await until('it is stored', async () => await stored() === 1)
    const visit = seen()
    await cache.get('http://a/', '1', visit)
    await drop()
    await until('it is dropped', async () => await stored() === 0)
    cache.set('http://a/', '1', answer(), visit)
    await store(cache, 'http://b/', '1', answer())
    await until('what came after it is stored', async () => await cache.get('http://b/', '1', seen()) !== undefined)
    t.equal(await cache.get('http://a/', '1', seen()), undefined, what)
    await store(cache, 'http://a/', '1', answer())
    await until('the next one is stored', async () => await cache.get('http://a/', '1', seen()) !== undefined)
  }
  cache.set('http://c/', '1', answer(), seen())
  await store(cache, 'http://d/', '1', answer())
  await until('what came after it is stored', async () => await cache.get('http://d/', '1', seen()) !== undefined)
  t.equal(await cache.get('http://c/', '1', seen()), undefined, 'where nothing is known of drops, nothing is stored')
  await unfound(cache, other)
})

/** A purge of what nobody has stored yet: it is on its way for the first time. */
async function unfound (cache: RedisCache, other: RedisCache): Promise<void> {
  for (const order of [{ all: true }, { prefix: 'http://' }, { tag: 'red' }, { url: 'http://new/' }] as const) {
    const visit = seen()
    await cache.get('http://new/', '1', visit)
    await other.purge(order)
    cache.set('http://new/', '1', answer({ tags: ['red'] }), visit)
    await store(cache, 'http://after/', '1', answer())
    await until('what came after it is stored', async () => await cache.get('http://after/', '1', seen()) !== undefined)
    await until(`it is not stored (${JSON.stringify(order)})`, async () => await cache.get('http://new/', '1', seen()) === undefined)
    await other.purge({ all: true })
  }
}

t.test('a cluster', { skip: noRedis }, async t => {
  const bus = await freePort()
  const { port } = await startRedis(t, ['--cluster-enabled', 'yes', '--cluster-config-file', join(t.testdir(), 'nodes.conf'), '--cluster-port', String(bus), '--cluster-announce-ip', '127.0.0.1'])
  const { client } = await open(t, { host: '127.0.0.1', port })
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('it is one', async () => String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  const cluster = await open(t, { cluster_nodes: [{ ip: '127.0.0.1', port }] })
  await stores(t, cluster)
  await unfound(cluster.cache, (await open(t, { cluster_nodes: [{ ip: '127.0.0.1', port }] })).cache)
})

t.test('a Redis that is down is a miss at once, and is found again', { skip: noRedis }, async t => {
  const port = await freePort()
  const first = await startRedis(t, [], port)
  const { cache, outage, lines } = await open(t, { host: '127.0.0.1', port })
  await store(cache, 'u', 'r', answer())
  await until('it is stored', async () => await cache.get('u', 'r', seen()) !== undefined)
  await first.stop()
  await until('it is noticed', async () => {
    await cache.get('u', 'r', seen())
    return outage.open
  })
  t.equal(cache.get('u', 'r', seen()), undefined, 'nobody waits')
  cache.set('u', 'r', answer(), { generation: '' })
  cache.delete('u', 'r')
  cache.invalidate('u')
  await t.rejects(cache.purge({ all: true }), 'who purges is told')
  await startRedis(t, [], port)
  await until('it answers again', async () => {
    await cache.get('u', 'r', seen())
    return !outage.open
  })
  t.same(lines, ['the store of answers does not answer', 'the store of answers answers again'])
})

t.test('what is invalidated while Redis is down is gone before it is read again; more than is remembered takes all', { skip: noRedis }, async t => {
  const { port, child } = await startRedis(t)
  const { cache, outage } = await open(t, { host: '127.0.0.1', port, timeout: 1_000 })
  const { client: other } = await open(t, { host: '127.0.0.1', port })
  const stored = async (): Promise<number> => (await other.keys('sallyport:test:r:*')).length
  for (const changed of [['a', 'b'], ['a', 'b', 'c']]) {
    for (const uri of ['a', 'b', 'c', 'd']) await store(cache, uri, 'r', answer())
    await until('all are stored', async () => await stored() === 4)
    child.kill('SIGSTOP')
    cache.invalidate('a')
    cache.delete('a', 'r')
    await until('the invalidation has failed', () => outage.open)
    for (const uri of changed) cache.invalidate(uri)
    child.kill('SIGCONT')
    await until('it is used again', async () => {
      const found = await cache.get('a', 'r', seen())
      if (found !== undefined) t.fail('an answer that was invalidated')
      return !outage.open
    })
    t.equal(await stored(), changed.length === 2 ? 2 : 0)
    t.equal(await cache.get('d', 'r', seen()) === undefined, changed.length === 3)
    await until('the rest is gone', async () => { await cache.purge({ all: true }); return await stored() === 0 })
  }
})

t.test('who starts while Redis is down drops what others may have owed; who starts with Redis, or is stopped before it came, drops nothing', { skip: noRedis }, async t => {
  const { port } = await startRedis(t)
  const { cache: other, client: reader } = await open(t, { host: '127.0.0.1', port })
  await store(other, 'u', 'r', answer())
  await until('it is stored', async () => await other.get('u', 'r', seen()) !== undefined)
  t.equal(owing(reader, new Outage({ log: { warn: () => t.fail('no outage'), info: () => {} }, onStoreError: 'miss' })).size, 0)
  // the way to Redis is cut first
  const way = await freePort()
  const lines: string[] = []
  const line = (_: unknown, text?: string): void => { lines.push(text ?? String(_)) }
  const start = (): Pick<Opened, 'cache' | 'client' | 'outage'> & { owed: OwedDrops } => {
    const client = connectRedis({ host: '127.0.0.1', port: way, database: 0, timeout: 2000, ssl: false, ssl_verify: true })
    t.teardown(() => client.disconnect())
    const outage = new Outage({ log: { warn: line, info: line } as never, onStoreError: 'miss', keeps: 'answers' })
    const owed = owing(client, outage)
    return { cache: new RedisCache({ client, outage, owed, prefix: 'sallyport:test', largest: 1000, now: Date.now }), client, outage, owed }
  }
  const late = start()
  await until('it is noticed', () => late.outage.open)
  t.equal(late.owed.size, Infinity)
  const server = createServer(socket => { socket.on('error', () => {}).pipe(connect(port, '127.0.0.1').on('error', () => {})).pipe(socket) })
  await new Promise<void>(resolve => server.listen(way, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  await until('Redis is used', async () => {
    if (await late.cache.get('u', 'r', seen()) !== undefined) t.fail('what somebody may have owed')
    return !late.outage.open
  })
  t.equal(await other.get('u', 'r', seen()), undefined)
  t.same(lines, ['the store of answers does not answer', 'the store of answers answers again'])
  const stopped = start()
  stopped.client.disconnect()
  await until('it has ended', () => stopped.client.status === 'end')
  const early = start()
  await until('Redis is reached', () => early.client.status === 'ready')
  t.same([stopped.owed.size, early.owed.size, early.outage.open, lines.length], [0, 0, false, 2])
})

t.test('what a gateway takes along that was never dropped is in its log', async t => {
  const lines: unknown[] = []
  const closers: Array<() => void | Promise<void>> = []
  const gateway = {
    entry: { name: 'proxy-cache' },
    log: { warn: (facts: unknown, text: string) => lines.push([facts, text]), info: () => {} },
    now: Date.now,
    keep: <T>(_key: string, create: () => T, close?: (state: T) => void | Promise<void>): T => {
      const state = create()
      closers.push(async () => { await close?.(state) })
      return state
    }
  } as unknown as PluginGateway
  keepCache(gateway, { strategy: 'redis', bytes: 1, largest: 1, redis: { host: '127.0.0.1', port: await freePort(), database: 0, timeout: 50, ssl: false, ssl_verify: true } })
  await until('nobody is found', () => lines.length === 1)
  for (const close of closers) await close()
  t.match(lines, [[{}, 'the store of answers does not answer'], [{ addresses: 'all' }, /^the store of answers was not told what is to be dropped/]])
})

t.test('what can\'t be dropped stays owed, and what comes meanwhile is dropped as well', async t => {
  const owed = new OwedDrops(2)
  owed.add('a')
  owed.add('a')
  owed.add('b')
  t.equal(owed.size, 2)
  const dropped: Array<string | null> = []
  await t.rejects(owed.pay(async uri => {
    if (uri === 'b') throw new Error('down')
    dropped.push(uri)
  }))
  t.same([dropped, owed.size], [['a'], 1])
  const paying = owed.pay(async uri => {
    dropped.push(uri)
    if (uri === 'b') owed.add('c')
    await new Promise(resolve => setImmediate(resolve))
  })
  t.equal(await owed.pay(async () => {}), false, 'one at a time')
  t.equal(await paying, true)
  t.same(dropped, ['a', 'b', 'c'])
  for (const uri of ['1', '2', '3', '4']) owed.add(uri)
  await t.rejects(owed.pay(async () => { throw new Error('down') }))
  t.equal(await owed.pay(async uri => { dropped.push(uri) }), true)
  t.same(dropped, ['a', 'b', 'c', null])
})

t.test('a purge bears moments in which Redis is too slow, and not one that stays so', { skip: noRedis }, async t => {
  const { port } = await startRedis(t)
  const { cache, client } = await open(t, { host: '127.0.0.1', port })
  const single = client as Redis
  for (const uri of ['http://a/', 'http://b/']) await store(cache, uri, '1', answer({ tags: ['red'] }))
  await until('they are stored', async () => await cache.get('http://b/', '1', seen()) !== undefined)
  const slow = (command: 'scan' | 'set' | 'zrange', times: number): () => number => {
    const real = single[command].bind(single) as (...args: unknown[]) => Promise<unknown>
    let calls = 0
    single[command] = (async (...args: unknown[]) => {
      if (++calls <= times) throw new Error('Command timed out')
      return await real(...args)
    }) as never
    return () => {
      single[command] = real as never
      return calls
    }
  }
  let restore = slow('set', 2)
  t.equal(await cache.purge({ url: 'http://a/' }), 1)
  t.equal(restore(), 3)
  restore = slow('scan', 4)
  t.equal(await cache.purge({ all: true }), 1)
  t.equal(restore(), 5)
  restore = slow('zrange', Infinity)
  await t.rejects(cache.purge({ tag: 'red' }), { message: 'Command timed out' })
  t.equal(restore(), 5)
})
