import t from 'tap'
import { statusOf, value } from '../helpers/http-messages.ts'
import { get, startHop } from '../helpers/hop.ts'
import { rawClient } from '../helpers/raw-client.ts'

t.test('an answer of the gateway itself leaves the connection open for the next request', async t => {
  const { port } = await startHop(t, 9, { route: { paths: ['/api'], service: null } })
  const client = await rawClient(t, port)
  client.send(get('/nowhere'))
  await client.until(client => client.answers.length === 1)
  client.send(get('/api'))
  await client.until(client => client.answers.length === 2)
  t.same(client.answers.map(answer => statusOf(answer)), [404, 503])
  t.same(client.answers.map(answer => value(answer, 'connection')), ['keep-alive', 'keep-alive'])
  t.equal(client.closed, null)
})
