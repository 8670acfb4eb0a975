import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Client } from 'undici'
import { Connections } from '../../src/proxy/connections.ts'

/** Connections over clients that only remember how they ended. */
function fakes (): { connections: Connections, ended: string[] } {
  const ended: string[] = []
  let made = 0
  const connections = new Connections(() => {
    const name = `client ${made++}`
    return {
      name,
      close: async () => { ended.push(`${name} closed`) },
      destroy: async () => { ended.push(`${name} destroyed`) }
    } as unknown as Client
  })
  return { connections, ended }
}

t.test('a client serves one request at a time, and the next a turn after it was given back', async t => {
  const { connections } = fakes()
  const first = connections.take()
  t.not(connections.take(), first)
  connections.give(first)
  t.not(connections.take(), first)
  await turn()
  t.equal(connections.take(), first)
})

t.test('the client that became free last comes first, so that the others may become idle', async t => {
  const { connections } = fakes()
  const [one, two] = [connections.take(), connections.take()]
  connections.give(two)
  connections.give(one)
  await turn()
  t.equal(connections.take(), one)
  t.equal(connections.take(), two)
})

t.test('close ends idle clients at once and the others when they are given back', async t => {
  const { connections, ended } = fakes()
  const [one, two] = [connections.take(), connections.take()]
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
  connections.give(connections.take())
  connections.take()
  await connections.destroy()
  await turn()
  t.strictSame(ended.slice(0, 2), ['client 0 destroyed', 'client 1 destroyed'])
})
