/** Redis over TLS, behind a sentinel as well: who vouches for it, and that nothing is said in clear. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { redisFindings } from '../../src/limits/redis-schema.ts'
import { makeCertificate } from '../helpers/certificates.ts'
import { admittedOfFour, redisCounters, THREE } from '../helpers/redis-counters.ts'
import { freePort } from '../helpers/free-port.ts'
import { startRedis } from '../helpers/redis.ts'
import { until } from '../helpers/running.ts'

const authority = makeCertificate('Sallyport test authority')
const other = makeCertificate('Another authority')
const server = makeCertificate('redis.test', { names: ['redis.test'], issuer: authority })

/** Arguments of redis-server for TLS alone, on this port. */
function tlsArguments (t: Test, port: number): string[] {
  const dir = t.testdir({ 'server.crt': server.cert, 'server.key': server.key, 'ca.crt': authority.cert })
  const file = (name: string): string => join(dir, name)
  return ['--port', '0', '--tls-port', String(port), '--tls-cert-file', file('server.crt'), '--tls-key-file', file('server.key'), '--tls-ca-cert-file', file('ca.crt'), '--tls-auth-clients', 'no', '--tls-replication', 'yes']
}

async function refusal (t: Test, settings: object): Promise<string> {
  const { client, store } = redisCounters(t, settings)
  let refused = ''
  client.on('error', error => { refused = String((error as NodeJS.ErrnoException).code) })
  await until('the certificate was refused', () => refused !== '')
  t.equal(await store.reachable(), false)
  await t.rejects(store.take('a', THREE, 1, 'admitted'), /no connection/)
  return refused
}

t.test('a certificate is verified, by the authority and the name that the file says', async t => {
  const port = await freePort()
  await startRedis(t, tlsArguments(t, port), port)
  const tls = { host: '127.0.0.1', port, ssl: true, server_name: 'redis.test' }
  t.equal(await admittedOfFour(redisCounters(t, { ...tls, ca_certificate: authority.cert }).store), 12)
  t.equal(await admittedOfFour(redisCounters(t, { ...tls, ca_certificate: authority.cert.replaceAll('\n', '\\n') }).store), 0, 'the same counters')
  t.equal(await admittedOfFour(redisCounters(t, { ...tls, ssl_verify: false }).store), 0)
  t.match(await refusal(t, { ...tls, ca_certificate: other.cert }), /UNABLE_TO|SELF_SIGNED/)
  t.match(await refusal(t, tls), /UNABLE_TO|SELF_SIGNED/, 'Node doesn\'t know the authority')
  t.equal(await refusal(t, { ...tls, ca_certificate: authority.cert, server_name: 'other.test' }), 'ERR_TLS_CERT_ALTNAME_INVALID')
})

t.test('a user of the access control list, over TLS', async t => {
  const port = await freePort()
  await startRedis(t, [...tlsArguments(t, port), '--user', 'default', 'off', '--user', 'limits', 'on', '>limits-password', '~sallyport:*', '+evalsha', '+eval', '+ping', '+time', '+hmget', '+hset', '+pttl', '+pexpireat', '+info'], port)
  const tls = { host: '127.0.0.1', port, ssl: true, server_name: 'redis.test', ca_certificate: authority.cert }
  t.equal(await admittedOfFour(redisCounters(t, { ...tls, username: 'limits', password: 'limits-password' }).store), 12)
  const { store } = redisCounters(t, { ...tls, username: 'limits', password: 'wrong', timeout: 300 })
  t.equal(await store.reachable(), false)
})

t.test('sentinel and master are both spoken to over TLS', async t => {
  const port = await freePort()
  await startRedis(t, tlsArguments(t, port), port)
  const sentinel = await freePort()
  const [, , ...rest] = tlsArguments(t, sentinel)
  const options = Array.from({ length: rest.length / 2 }, (_, index) => `${rest[index * 2]?.slice(2)} ${rest[index * 2 + 1]}`)
  const file = join(t.testdir(), 'sentinel.conf')
  writeFileSync(join(t.testdirName, 'server.crt'), server.cert)
  writeFileSync(join(t.testdirName, 'server.key'), server.key)
  writeFileSync(join(t.testdirName, 'ca.crt'), authority.cert)
  writeFileSync(file, `port 0\nbind 127.0.0.1\n${options.join('\n')}\nsentinel monitor main 127.0.0.1 ${port} 1\n`)
  await startRedis(t, [file, '--sentinel'], sentinel)
  const settings = { sentinel_master: 'main', sentinel_nodes: [{ host: '127.0.0.1', port: sentinel }], ssl: true, server_name: 'redis.test' }
  t.equal(await admittedOfFour(redisCounters(t, { ...settings, ca_certificate: authority.cert }).store), 12)
  const { store } = redisCounters(t, { ...settings, ca_certificate: other.cert })
  t.equal(await store.reachable(), false)
})

t.test('with `ssl`, no sentinel hears a password in clear', async t => {
  const heard: Buffer[] = []
  const listener = createServer(socket => {
    socket.on('data', data => { heard.push(data) })
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  t.teardown(() => listener.close())
  await new Promise(resolve => listener.once('listening', resolve))
  const { port } = listener.address() as { port: number }
  redisCounters(t, { sentinel_master: 'main', sentinel_nodes: [{ host: '127.0.0.1', port }], ssl: true, password: 'for-redis', sentinel_password: 'for-the-sentinel' })
  await until('something was said', () => heard.length > 0)
  const said = Buffer.concat(heard)
  t.equal(said[0], 0x16, 'a TLS handshake')
  t.notOk(said.includes('for-the-sentinel'))
})

t.test('what is no certificate is found when the file is read', t => {
  const paths = (redis: object): string[] => [...redisFindings('redis', { host: 'a', database: 0, ssl: true, ...redis })].map(({ path }) => path)
  t.same(paths({ ca_certificate: authority.cert }), [])
  t.same(paths({ ca_certificate: authority.cert + other.cert }), [])
  t.same(paths({ ca_certificate: 'ca.pem' }), ['/redis/ca_certificate'])
  t.same(paths({ ca_certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }), ['/redis/ca_certificate'])
  t.same(paths({ ca_certificate: authority.cert, ssl: false }), ['/redis/ca_certificate'])
  t.end()
})
