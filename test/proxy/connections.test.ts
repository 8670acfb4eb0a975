import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Connections, type ClientLease } from '../../src/proxy/connections.ts'

/** Connections over clients that only remember how they ended. */
function fakes (): { connections: Connections, ended: string[] } {
  const ended: string[] = []
  let made = 0
  const connections = new Connections(() => {
    const name = `client ${made++}`
    const client = {
      close: async () => { ended.push(`${name} closed`) },
      destroy: async () => { ended.push(`${name} destroyed`) }
    }
    return { client, connectTimeout: 0 } as unknown as ClientLease
  })
  return { connections, ended }
}

t.test('a client serves one request at a time, and the next a turn after it was given back', async t => {
  const { connections } = fakes()
  const first = connections.take(100)
  t.not(connections.take(100), first)
  connections.give(first)
  t.not(connections.take(100), first)
  await turn()
  t.equal(connections.take(100), first)
})

t.test('the client that became free last comes first, so that the others may become idle', async t => {
  const { connections } = fakes()
  const [one, two] = [connections.take(100), connections.take(100)]
  connections.give(two)
  connections.give(one)
  await turn()
  t.equal(connections.take(100), one)
  t.equal(connections.take(100), two)
})

t.test('close ends idle clients at once and the others when they are given back', async t => {
  const { connections, ended } = fakes()
  const [one, two] = [connections.take(100), connections.take(100)]
  connections.give(one)
  await turn()
  connections.close()
  t.strictSame(ended, ['client 0 closed'])
  connections.give(two)
  await turn()
  t.strictSame(ended, ['client 0 closed', 'client 1 closed'])
})

t.test('destroy cuts those in use, too', async t => {
  const { connections, ended } = fakes()
  connections.give(connections.take(100))
  connections.take(100)
  await connections.destroy()
  await turn()
  t.strictSame(ended.slice(0, 2), ['client 0 destroyed', 'client 1 destroyed'])
})
