import t from 'tap'
import { clientAddress, createTrust } from '../../src/gateway/intake/trust.ts'

const trust = createTrust(['10.0.0.0/8', '127.0.0.1', '2001:db8::/32'])

t.test('ranges and addresses of both families are known', async t => {
  t.ok(trust.has('10.9.8.7'))
  t.ok(trust.has('127.0.0.1'))
  t.ok(trust.has('2001:db8::1'))
  t.notOk(trust.has('11.0.0.1'))
  t.notOk(trust.has('2001:db9::1'))
  t.notOk(trust.has('not an address'))
})

const cases: Array<[string, string | undefined, string | undefined, string]> = [
  ['the right-most address that is not trusted is the client', '203.0.113.9, 198.51.100.7, 10.1.1.1', undefined, '198.51.100.7'],
  ['what a client puts in front of it is not believed', '1.1.1.1, 203.0.113.9', undefined, '203.0.113.9'],
  ['when all hops are trusted, the first one is the client', '10.0.0.5, 10.0.0.6', undefined, '10.0.0.5'],
  ['garbage ends the walk', 'unknown, 10.0.0.6', undefined, '10.0.0.1'],
  ['ports and brackets are taken off', '[2001:db9::7]:443, 10.0.0.6', undefined, '2001:db9::7'],
  ['a port of an IPv4 address is taken off', '203.0.113.9:1234', undefined, '203.0.113.9'],
  ['X-Real-IP counts where there is no list', undefined, '203.0.113.9', '203.0.113.9'],
  ['an X-Real-IP that is no address is ignored', undefined, 'evil', '10.0.0.1'],
  ['without either it is the peer', undefined, undefined, '10.0.0.1']
]
for (const [name, forwardedFor, realIp, expected] of cases) {
  t.test(name, async t => { t.equal(clientAddress(trust, '10.0.0.1', forwardedFor, realIp), expected) })
}
