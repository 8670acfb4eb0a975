import { mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import plugin from '../../plugins/ip-restriction/index.ts'
import { parseList } from '../../plugins/ip-restriction/list.ts'
import { Networks } from '../../plugins/ip-restriction/networks.ts'
import { AddressSet, readNetwork } from '../../src/plugin.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { readAddress } from '../../src/plugin-kit/address.ts'
import { holds } from '../helpers/holds.ts'
import { findings, validateConfig } from '../helpers/plugin-config.ts'

const BEHIND = { gateway: { trusted_ips: ['127.0.0.1', '10.9.0.0/16'] } }

async function start (t: Test, config: object, options: object = BEHIND) {
  const test = await testPlugin(t, { plugin, config, ...options })
  return async (address: string) => (await test.request({ headers: { 'x-forwarded-for': address } })).status
}

t.test('without a trusted proxy, the address is that of the connection', async t => {
  const denied = await testPlugin(t, { plugin, config: { deny: ['127.0.0.0/8'] } })
  const answer = await denied.request({ headers: { 'x-forwarded-for': '192.0.2.1', 'x-real-ip': '192.0.2.1' } })
  t.equal(answer.status, 403)
  t.match(answer.json(), { message: 'IP address not allowed: 127.0.0.1' })
  t.equal(denied.received.length, 0)
  const status = await start(t, { allow: ['127.0.0.1'] }, {})
  t.equal(await status('192.0.2.1'), 200)
})

t.test('deny comes before allow, and with allow all others are refused', async t => {
  const status = await start(t, { allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['192.0.2.66', '2001:db8:bad::/48'] })
  t.equal(await status('192.0.2.1'), 200)
  t.equal(await status('192.0.2.66'), 403)
  t.equal(await status('192.0.3.1'), 403)
  t.equal(await status('2001:DB8::1'), 200)
  t.equal(await status('2001:db8:bad::1'), 403)
  t.equal(await status('::ffff:192.0.2.66'), 403)
  t.equal(await status('::ffff:c000:201'), 200)
  const open = await start(t, { deny: ['192.0.2.66'] })
  t.equal(await open('192.0.2.1'), 200)
  t.equal(await open('192.0.2.66'), 403)
})

t.test('of a chain of proxies the right-most address that isn\'t trusted counts', async t => {
  const status = await start(t, { allow: ['192.0.2.1'] })
  t.equal(await status('192.0.2.1, 10.9.0.7'), 200)
  t.equal(await status('192.0.2.1, 198.51.100.1'), 403)
  t.equal(await status('192.0.2.1, 198.51.100.1, 10.9.0.7'), 403)
})

t.test('a refusal says what the file says', async t => {
  const test = await testPlugin(t, { plugin, config: { deny: ['127.0.0.1'], status: 404, message: 'Not "here"' } })
  const answer = await test.request()
  t.equal(answer.status, 404)
  t.match(answer.json(), { message: 'Not "here"' })
})

t.test('a consumer can have an entry of its own', async t => {
  const test = await testPlugin(t, { plugin, config: { allow: ['192.0.2.1'] }, level: 'consumer', consumer: { username: 'ann' } })
  t.equal((await test.request()).status, 403)
})

t.test('what is neither an address nor a range is refused at its place', async t => {
  t.same(findings(plugin, {}), ['error '])
  t.same(findings(plugin, { status: 404 }), ['error '])
  const wrong = ['10.0.0', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '010.0.0.1', '::1/129', '1::2::3', ':::', '1:2:3:4:5:6:7:8:9', '12345::', 'fe80::1%eth0', '::ffff:1.2.3.4/64', '::1.2.3', '1.2.3.4:80', 'example.com', ' 10.0.0.1', '1:2:3:4:5:6:7:1.2.3.4', '::g', '1:']
  t.same(findings(plugin, { allow: ['10.0.0.1', ...wrong] }), wrong.map((_, index) => `error /allow/${index + 1}`))
  t.match([...plugin.check?.({ deny: ['x'] }) ?? []], [{ message: "invalid ip or cidr range: 'x'" }])
  t.same(findings(plugin, { deny: ['10.0.0.5/8', '2001:db8::1/32', '10.0.0.0/8', '::ffff:10.0.0.0/104', '0.0.0.0/0', '::/0'] }), ['warning /deny/0', 'warning /deny/1'])
  for (const config of [{ allow: [] }, { deny: [] }, { allow: [''] }, { allow_file: '' }, { status: 200 }, { status: '403' }]) t.equal(validateConfig(plugin, config).valid, false, JSON.stringify(config))
})

t.test('what is no address is in no list', async t => {
  const set = AddressSet.of(['0.0.0.0/0', '::/0'])
  t.equal(set.has('192.0.2.1'), true)
  t.equal(set.has('fe80::1%eth0'), true)
  for (const text of ['', 'unknown', '1.2.3', '1.2.3.4.5', '_hidden', '1.2.3.4 ', ':', '1..2.3']) t.equal(set.has(text), null, text)
  t.throws(() => AddressSet.of(['x']), { message: "invalid ip or cidr range: 'x'" })
})

const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte, byte).map(bytes => bytes.join('.'))
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65535 }))
const v6 = fc.array(group, { minLength: 8, maxLength: 8 }).map(groups => {
  const text = groups.map(value => value.toString(16)).join(':')
  return text.replace(/\b0(?::0)+\b/, '::').replace(/:{3,}/, '::')
})
const network = fc.oneof(
  fc.tuple(v4, fc.integer({ min: 0, max: 32 })), fc.tuple(v6, fc.integer({ min: 0, max: 128 }))
).map(([address, bits]) => ({ address, bits, text: `${address}/${bits}` }))

t.test('addresses are read as Node reads them', async () => {
  const words = new Uint32Array(4)
  const text = fc.oneof(v4, v6, fc.string({ unit: fc.constantFrom('0', '1', 'f', 'g', '.', ':', '25', '::'), maxLength: 16 }))
  holds(t, fc.property(text, text => {
    const family = isIP(text)
    const read = readAddress(text, words)
    // IPv4 within IPv6 is IPv4 here
    return family === 6 ? read !== 0 : read === family
  }), { numRuns: 200 })
})

t.test('a set of many ranges holds what a list of them holds', async () => {
  holds(t, fc.property(fc.array(network, { minLength: 1, maxLength: 150 }), fc.array(fc.oneof(v4, v6), { maxLength: 20 }), (networks, probes) => {
    // one a family: with a single one ::/0 is all of IPv4 as well
    const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
    const familyOf = (address: string): 'ipv4' | 'ipv6' => address.includes(':') ? 'ipv6' : 'ipv4'
    const mapped = /^::ffff:[\da-f]+:[\da-f]+$/
    const usable = networks.filter(({ address }) => !mapped.test(address))
    for (const { address, bits } of usable) lists[familyOf(address)].addSubnet(address, bits, familyOf(address))
    const set = AddressSet.of(usable.map(({ text }) => text))
    return [...probes, ...usable.map(({ address }) => address)].filter(address => !mapped.test(address))
      .every(address => set.has(address) === lists[familyOf(address)].check(address, familyOf(address)))
  }), { numRuns: 100 })
})

t.test('edges of ranges belong to them, in a large set as well', async t => {
  const texts: string[] = []
  for (let index = 0; index < 3_000; index++) texts.push(`10.${index >> 8}.${index & 255}.64/26`, `2001:db8:${index.toString(16)}::/48`)
  const set = AddressSet.of([...texts.reverse(), '10.0.0.70', '255.255.255.255', '0.0.0.0', 'ffff::/16'])
  t.equal(set.size, 6_003)
  for (const [address, expected] of Object.entries({
    '10.5.7.63': false,
    '10.5.7.64': true,
    '10.5.7.127': true,
    '10.5.7.128': false,
    '10.255.0.64': false,
    '0.0.0.0': true,
    '0.0.0.1': false,
    '255.255.255.255': true,
    '2001:db8:7::': true,
    '2001:db8:7:ffff:ffff:ffff:ffff:ffff': true,
    '2001:db7:ffff::': false,
    '2001:db8:bb8::': false,
    'ffff:ffff::': true,
    '::': false
  })) t.equal(set.has(address), expected, address)
})

t.test('a list has one network a line, and comments', async t => {
  const set = new AddressSet(await parseList('# blocked\r\n192.0.2.1\r\n\n  198.51.100.0/24 ; SBL123\n2001:db8::/32#x\n203.0.113.9 3 "seen"\n', ['10.0.0.1']))
  t.equal(set.size, 5)
  for (const address of ['192.0.2.1', '198.51.100.7', '2001:db8::7', '203.0.113.9', '10.0.0.1']) t.equal(set.has(address), true, address)
  t.equal(new AddressSet(await parseList('')).size, 0)
  await t.rejects(parseList('10.0.0.1\nsecret\n'), { message: 'line 2: neither an address nor a CIDR range' })
  await t.rejects(parseList('x\n'.repeat(9)), { message: 'lines 1, 2, 3, 4, 5 and 4 more: neither an address nor a CIDR range' })
  t.equal(new AddressSet(await parseList(Array.from({ length: 6_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/25`).join('\n'))).size, 6_000)
})

function listFile (t: Test, text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-list-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'list.txt')
  writeFileSync(file, text)
  return {
    directory,
    file,
    replace (text: string) {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    }
  }
}

t.test('a list in a file is read again when it changes, and a bad one leaves the old one in force', async t => {
  const { directory, file, replace } = listFile(t, '192.0.2.1\n')
  const lines: Array<[string, object]> = []
  const log = { info: (fields: object, message: string) => lines.push([message, fields]), error: (fields: object, message: string) => lines.push([message, fields]) }
  const networks = await Networks.open(['10.0.0.1'], 'deny_file', 'list.txt', { directory, log: log as never })
  t.teardown(() => networks.close())
  t.same([networks.has('192.0.2.1'), networks.has('10.0.0.1'), networks.has('192.0.2.2')], [true, true, false])

  replace('192.0.2.2\n')
  await networks.check()
  t.same([networks.has('192.0.2.1'), networks.has('10.0.0.1'), networks.has('192.0.2.2')], [false, true, true])
  replace('password\n')
  await networks.check()
  t.equal(networks.has('192.0.2.2'), true)
  rmSync(file)
  await networks.check()
  t.equal(networks.has('192.0.2.2'), true)
  t.match(lines, [
    ['a list of addresses was read again', { ranges: 2, file: 'list.txt' }],
    ['a list of addresses has changed and is not used: the old one stays', { reason: 'line 1: neither an address nor a CIDR range' }]
  ])
  t.equal(lines.length, 2)
})

t.test('a file that can\'t be read or is wrong keeps the gateway from starting', async t => {
  const { directory, replace } = listFile(t, 'x\n')
  const open = async (path: string) => await Networks.open([], 'allow_file', path, { directory, log: console as never })
  await t.rejects(open('none.txt'), { message: "`allow_file` 'none.txt': the file can't be read (ENOENT)" })
  await t.rejects(open('list.txt'), { message: "`allow_file` 'list.txt': line 1: neither an address nor a CIDR range" })
  const check = (path: string) => [...plugin.check?.({ allow_file: path, status: 403 }, { directory }) ?? []]
  t.match(check('none.txt'), [{ path: '/allow_file', message: "'none.txt' is no list of addresses: the file can't be read (ENOENT)" }])
  t.match(check('list.txt'), [{ path: '/allow_file', message: "'list.txt' is no list of addresses: line 1: neither an address nor a CIDR range" }])
  truncateSync(join(directory, 'list.txt'), 32 * 1024 * 1024 + 1)
  t.match(check('list.txt'), [{ message: "'list.txt' is no list of addresses: the file has more than 33554432 bytes" }])
  replace('# nobody\n'.repeat(6_000))
  t.same(check('list.txt'), [])
  const test = await testPlugin(t, { plugin, config: { allow_file: join(directory, 'list.txt') } })
  t.equal((await test.request()).status, 403)
  await t.rejects(testPlugin(t, { plugin, config: { deny: ['10.0.0.1'], deny_file: join(directory, 'none') } }), { message: /ENOENT/ })
  t.ok(readNetwork('::1'))
})
