import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Turn } from '../../src/proxy/turn.ts'

t.test('tasks run in order at the end of the turn, and what they add, a turn later', async t => {
  const tasks = new Turn()
  const ran: string[] = []
  tasks.add({ run: () => { ran.push('first'); tasks.add({ run: () => { ran.push('third') } }) } })
  tasks.add({ run: () => { ran.push('second') } })
  t.strictSame(ran, [])
  await turn()
  t.strictSame(ran, ['first', 'second'])
  await turn()
  t.strictSame(ran, ['first', 'second', 'third'])
})
