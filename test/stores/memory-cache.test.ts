import fc from 'fast-check'
import t from 'tap'
import type { CachedAnswer, CacheRecord } from '../../src/stores/cache/cache-store.ts'
import { MemoryCache } from '../../src/stores/cache/memory-cache.ts'
import { holds } from '../helpers/holds.ts'

const NEVER = Number.MAX_SAFE_INTEGER

function answer (over: Partial<CachedAnswer> = {}): CachedAnswer {
  return {
    variesBy: null,
    id: 'id',
    status: 200,
    statusText: 'OK',
    fields: [],
    body: Buffer.alloc(0),
    receivedAt: 0,
    initialAge: 0,
    lifetime: 1000,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    mustRevalidate: false,
    alwaysValidate: false,
    etag: null,
    lastModified: null,
    shared: false,
    tags: [],
    expiresAt: NEVER,
    ...over
  }
}

const cacheOf = (bytes: number, now = () => 0): MemoryCache => new MemoryCache({ bytes, largest: bytes, now })

t.test('what was put is found until it expires', async t => {
  let time = 0
  const cache = cacheOf(1_000_000, () => time)
  const one = answer({ expiresAt: 10 })
  cache.set('u', 'r', one)
  t.equal(cache.get('u', 'r'), one)
  t.equal(cache.get('u', 'other'), undefined)
  time = 9
  t.equal(cache.get('u', 'r'), one)
  time = 10
  t.equal(cache.get('u', 'r'), undefined)
  t.same(cache.usage, { entries: 0, bytes: 0 })
})

t.test('a URI is dropped with all that is stored of it', async t => {
  const cache = cacheOf(1_000_000)
  for (const rest of ['a', 'b', 'c']) cache.set('one', rest, answer())
  cache.set('two', 'a', answer())
  cache.delete('one', 'b')
  cache.delete('one', 'never')
  t.equal(cache.get('one', 'b'), undefined)
  t.ok(cache.get('one', 'c'))
  cache.invalidate('one')
  cache.invalidate('three')
  t.same(['a', 'b', 'c'].map(rest => cache.get('one', rest)), [undefined, undefined, undefined])
  t.ok(cache.get('two', 'a'))
})

t.test('a purge takes what it names, and counts answers alone', async t => {
  const fill = (): MemoryCache => {
    const cache = cacheOf(1_000_000)
    cache.set('http://a/x', '1', answer({ id: 'k1', tags: ['red', 'blue'] }))
    cache.set('http://a/x', '2', answer({ id: 'k2', tags: ['red'] }))
    cache.set('http://a/y', '1', { variesBy: ['accept'], expiresAt: NEVER })
    cache.set('http://a/y', '1a', answer({ id: 'k3' }))
    cache.set('http://b/', '1', answer({ id: 'k4', tags: ['blue'] }))
    return cache
  }
  for (const [order, count, left] of [[{ tag: 'red' }, 2, 3], [{ tag: 'blue' }, 2, 3], [{ tag: 'none' }, 0, 5], [{ url: 'http://a/x' }, 2, 3], [{ prefix: 'http://a/' }, 3, 1], [{ key: 'k3' }, 1, 4], [{ all: true }, 4, 0], [{}, 0, 5]] as const) {
    const cache = fill()
    t.equal(cache.purge(order), count, JSON.stringify(order))
    t.equal(cache.usage.entries, left)
    if (left === 0) t.equal(cache.usage.bytes, 0)
  }
})

t.test('what is asked for stays where what nobody asks for comes and goes', async t => {
  const size = (() => { const one = cacheOf(1_000_000); one.set('u0', 'r', answer()); return one.usage.bytes })()
  const cache = cacheOf(size * 100 + 200)
  for (let index = 0; index < 50; index++) cache.set(`hot${index}`, '', answer())
  for (let index = 0; index < 10_000; index++) {
    cache.set(`u${index}`, '', answer())
    if (index % 10 === 0) for (let hot = 0; hot < 50; hot++) cache.get(`hot${hot}`, '')
  }
  for (let index = 0; index < 50; index++) t.ok(cache.get(`hot${index}`, ''))
})

t.test('what is larger than all of it is not taken, and makes nobody leave', async t => {
  const cache = cacheOf(5_000)
  cache.set('small', '', answer())
  cache.set('large', '', answer({ body: Buffer.alloc(5_000) }))
  t.ok(cache.get('small', ''))
  t.equal(cache.get('large', ''), undefined)
  t.equal(cache.largest, 5_000)
  cache.limitTo(3_000, 100)
  t.equal(cache.largest, 100)
  cache.limitTo(100, 100)
  t.same(cache.usage, { entries: 0, bytes: 0 }, 'a lower bound holds at once')
})

t.test('characters beyond Latin-1 count as two bytes each', async t => {
  const bytesOf = (uri: string): number => { const cache = cacheOf(1_000_000); cache.set(uri, '', answer()); return cache.usage.bytes }
  t.equal(bytesOf('\u4f60aaa') - bytesOf('baaa'), 9, 'both copies, the separator with them')
})

t.test('whatever is done to it, it is what a plain map would be, within its bytes', async () => {
  const key = fc.record({ uri: fc.constantFrom('a', 'b', 'c', 'd'), rest: fc.constantFrom('1', '2', '3') })
  const record: fc.Arbitrary<CacheRecord> = fc.record({ size: fc.nat(3_000), tags: fc.uniqueArray(fc.constantFrom('red', 'blue', 'green')), id: fc.constantFrom('k1', 'k2'), varies: fc.boolean() })
    .map(({ size, tags, id, varies }) => varies ? { variesBy: ['accept'], expiresAt: NEVER } : answer({ body: Buffer.alloc(size), tags, id }))
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, record }),
    fc.record({ do: fc.constant('get' as const), key }),
    fc.record({ do: fc.constant('delete' as const), key }),
    fc.record({ do: fc.constant('invalidate' as const), uri: fc.constantFrom('a', 'b', 'e') }),
    fc.record({ do: fc.constant('purge' as const), order: fc.constantFrom({ tag: 'red' }, { key: 'k1' }, { prefix: 'a' }, { url: 'b' }, { all: true as const }) }),
    fc.record({ do: fc.constant('limit' as const), bytes: fc.integer({ min: 3_000, max: 20_000 }) })
  )
  holds(t, fc.property(fc.array(step, { maxLength: 60 }), steps => {
    let most = 12_000
    const cache = cacheOf(most)
    const model = new Map<string, CacheRecord>()
    const keyOf = (uri: string, rest: string): string => `${uri}\n${rest}`
    const drop = (which: (key: string, record: CacheRecord) => boolean): number => {
      let answers = 0
      for (const [name, one] of [...model]) {
        if (!which(name, one)) continue
        model.delete(name)
        if (one.variesBy === null) answers++
      }
      return answers
    }
    const settle = (): void => { for (const name of [...model.keys()]) { const [uri, rest] = name.split('\n') as [string, string]; if (cache.get(uri, rest) === undefined) model.delete(name) } }
    for (const one of steps) {
      if (one.do === 'set') {
        cache.set(one.key.uri, one.key.rest, one.record)
        model.set(keyOf(one.key.uri, one.key.rest), one.record)
      } else if (one.do === 'get') {
        const found = cache.get(one.key.uri, one.key.rest)
        if (found !== undefined && found !== model.get(keyOf(one.key.uri, one.key.rest))) return false
      } else if (one.do === 'delete') {
        cache.delete(one.key.uri, one.key.rest)
        model.delete(keyOf(one.key.uri, one.key.rest))
      } else if (one.do === 'invalidate') {
        cache.invalidate(one.uri)
        drop(name => name.startsWith(`${one.uri}\n`))
      } else if (one.do === 'limit') {
        most = one.bytes
        cache.limitTo(most, most)
      } else {
        settle()
        const { order } = one as { order: { tag?: string, key?: string, prefix?: string, url?: string, all?: true } }
        const expected = drop((name, record) => {
          if (order.tag !== undefined) return record.variesBy === null && record.tags.includes(order.tag)
          if (order.key !== undefined) return record.variesBy === null && record.id === order.key
          return order.all === true || name.startsWith(`${order.prefix ?? order.url ?? ''}\n`)
        })
        if (cache.purge(order) !== expected) return false
      }
      settle()
      if (cache.usage.entries !== model.size || cache.usage.bytes > most || (model.size === 0) !== (cache.usage.bytes === 0)) return false
    }
    return true
  }), { numRuns: 500 })
})
