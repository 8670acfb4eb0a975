import t from 'tap'
import udpLog from '../../plugins/udp-log/index.ts'
import { Datagrams } from '../../src/log-kit/datagrams.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { receiver } from '../helpers/datagrams.ts'
import { until } from '../helpers/running.ts'

t.test('a datagram for each request, without a newline', async t => {
  const { port, messages } = await receiver(t)
  const run = await testPlugin(t, { plugin: udpLog, config: { host: '127.0.0.1', port, custom_fields: { tenant: 'acme' } } })
  await run.request('/a')
  await run.request('/b')
  await until('both', () => messages.length === 2)
  t.match(messages.map(message => JSON.parse(message) as unknown), [{ request: { uri: '/a' }, tenant: 'acme' }, { request: { uri: '/b' } }])
  t.notMatch(messages[0], /\n/)
})

t.test('what does not fit into a datagram is cut, and says so', async t => {
  const { port, messages } = await receiver(t)
  const datagrams = new Datagrams('127.0.0.1', port)
  await datagrams.send(Buffer.alloc(65_507, 'a'))
  await datagrams.send(Buffer.alloc(65_508, 'b'))
  await until('both', () => messages.length === 2)
  t.equal(messages[0], 'a'.repeat(65_507))
  t.equal(messages[1], `${'b'.repeat(65_501)} [cut]`)
  datagrams.close()
  const named = new Datagrams('no-such-host.invalid', 9)
  await t.rejects(named.send(Buffer.from('x')), /ENOTFOUND|EAI_AGAIN/)
  named.close()
})
