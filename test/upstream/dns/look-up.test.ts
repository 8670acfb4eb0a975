/** What a name stands for, asked of a real name server. */
import t, { type Test } from 'tap'
import { lookUp } from '../../../src/upstream/dns/look-up.ts'
import { createNameServer, type NameServer } from '../../../src/upstream/dns/name-server.ts'
import { dnsServer, type DnsServer } from '../../helpers/dns-server.ts'

async function servers (t: Test): Promise<{ dns: DnsServer, server: NameServer }> {
  const dns = await dnsServer(t)
  const server = createNameServer({ servers: [dns.address], timeout: 300 })
  t.teardown(() => { server.close() })
  return { dns, server }
}

t.test('all A records, with the least TTL', async t => {
  const { dns, server } = await servers(t)
  dns.set('a.test', { type: 'A', address: '10.0.0.1', ttl: 30 }, { type: 'A', address: '10.0.0.2', ttl: 20 }, { type: 'AAAA', address: '2001:db8::1', ttl: 5 })
  const { addresses, ttl } = await lookUp('a.test', server)
  t.match(addresses, [{ host: '10.0.0.1', port: null, weight: null, srvName: null, failover: false }, { host: '10.0.0.2' }])
  t.equal(addresses.length, 2, 'AAAA only where there is no A')
  t.equal(ttl, 20)
  t.strictSame(dns.queries, ['SRV a.test', 'A a.test'])
})

t.test('AAAA where there is no A', async t => {
  const { dns, server } = await servers(t)
  dns.set('a.test', { type: 'AAAA', address: '2001:db8::1', ttl: 7 })
  t.match(await lookUp('a.test', server), { addresses: [{ host: '2001:db8::1' }], ttl: 7 })
})

t.test('SRV: port, weight, name; the next priority as failover, those beyond not at all', async t => {
  const { dns, server } = await servers(t)
  dns.set('_api._tcp.test',
    { type: 'SRV', name: 'One.test', port: 81, priority: 1, weight: 7 },
    { type: 'SRV', name: 'two.test', port: 0, priority: 1, weight: 0 },
    { type: 'SRV', name: 'spare.test', port: 83, priority: 2, weight: 1 },
    { type: 'SRV', name: 'last.test', port: 84, priority: 3, weight: 1 })
  dns.set('one.test', { type: 'A', address: '10.0.0.1', ttl: 9 }, { type: 'A', address: '10.0.0.11', ttl: 60 })
  dns.set('two.test', { type: 'A', address: '10.0.0.2' })
  dns.set('spare.test', { type: 'AAAA', address: '::1' })
  dns.set('last.test', { type: 'A', address: '10.0.0.4' })
  const { addresses, ttl } = await lookUp('_api._tcp.test', server)
  t.strictSame([...addresses].sort((one, other) => one.host < other.host ? -1 : 1), [
    { host: '10.0.0.1', port: 81, weight: 7, srvName: 'one.test', failover: false },
    { host: '10.0.0.11', port: 81, weight: 7, srvName: 'one.test', failover: false },
    { host: '10.0.0.2', port: null, weight: 1, srvName: 'two.test', failover: false },
    { host: '::1', port: 83, weight: 1, srvName: 'spare.test', failover: true }
  ])
  t.equal(ttl, 9)
})

t.test('SRV to nothing ("." in RFC 2782) is an answer without addresses', async t => {
  const { dns, server } = await servers(t)
  dns.set('a.test', { type: 'SRV', name: '.', port: 0 })
  t.match(await lookUp('a.test', server), { addresses: [] })
})

t.test('a name that there is not', async t => {
  const { server } = await servers(t)
  t.strictSame((await lookUp('nobody.test', server)).addresses, [])
})

t.test('a server that fails or is silent says nothing: that is an error', async t => {
  const { dns, server } = await servers(t)
  dns.mode = 'fails'
  await t.rejects(lookUp('a.test', server), { code: 'ESERVFAIL' })
  dns.mode = 'silent'
  await t.rejects(lookUp('a.test', server), { code: 'ETIMEOUT' })
})

t.test('localhost is never asked of a name server', async t => {
  const { dns } = await servers(t)
  const machine = createNameServer({ servers: [], timeout: 300 })
  t.teardown(() => { machine.close() })
  const { addresses, ttl } = await lookUp('localhost', machine)
  t.ok(addresses.some(({ host }) => host === '127.0.0.1' || host === '::1'))
  t.equal(ttl, 10)
  t.strictSame(dns.queries, [])
})

/** A server made of answers. */
function fake (answers: Partial<Record<'a' | 'aaaa' | 'srv' | 'local', unknown>>): NameServer {
  const give = (kind: keyof typeof answers) => async (): Promise<never> => {
    const answer = answers[kind] ?? []
    if (answer instanceof Error) throw answer
    return answer as never
  }
  return { a: give('a'), aaaa: give('aaaa'), srv: give('srv'), local: give('local'), close () {} }
}

t.test('servers that refuse SRV questions still know addresses, unless there were SRV records before', async t => {
  const server = fake({ srv: new Error('REFUSED'), a: [{ address: '10.0.0.1', ttl: 1 }] })
  t.match(await lookUp('a.test', server), { addresses: [{ host: '10.0.0.1' }] })
  await t.rejects(lookUp('a.test', server, true), { message: 'REFUSED' })
})

t.test('the machine itself is asked last, also when servers fail', async t => {
  t.match(await lookUp('a', fake({ a: new Error('ECONNREFUSED'), local: [{ address: '10.0.0.9', ttl: 10 }] })), { addresses: [{ host: '10.0.0.9' }], ttl: 10 })
  await t.rejects(lookUp('a', fake({ a: new Error('first'), aaaa: new Error('second') })), { message: 'first' })
})

t.test('AAAA is not the whole truth while nothing is known of A', async t => {
  const aaaa = [{ address: '2001:db8::1', ttl: 7 }]
  await t.rejects(lookUp('a', fake({ a: new Error('lost'), aaaa, local: aaaa })), { message: 'lost' })
  t.match(await lookUp('a', fake({ a: [{ address: '10.0.0.1', ttl: 7 }], aaaa: new Error('lost') })), { addresses: [{ host: '10.0.0.1' }] })
  await t.rejects(lookUp('a', fake({ aaaa: new Error('lost') })), { message: 'lost' })
})

t.test('of SRV names some of which can\'t be asked for, the others are used, and soon asked again', async t => {
  const records = [{ name: 'one', port: 1, priority: 0, weight: 1 }, { name: 'two', port: 2, priority: 0, weight: 1 }]
  const half: NameServer = { ...fake({ srv: records }), a: async name => { if (name === 'two') throw new Error('lost'); return [{ address: '10.0.0.1', ttl: 500 }] } }
  t.match(await lookUp('a', half), { addresses: [{ host: '10.0.0.1', port: 1 }], ttl: 1 })
  await t.rejects(lookUp('a', fake({ srv: records, a: new Error('lost') })), { message: 'lost' })
})
