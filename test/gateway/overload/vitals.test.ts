import t from 'tap'
import { measureProcess } from '../../../src/gateway/overload/vitals.ts'

function spin (milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Until timers have run. */
const turns = async (milliseconds: number): Promise<void> => { await new Promise(resolve => { setTimeout(resolve, milliseconds) }) }

t.test('a loop that is blocked again and again is late', async t => {
  const signs = measureProcess()
  t.teardown(() => signs.close())
  await turns(50)
  signs.sample()
  for (let round = 0; round < 4; round++) {
    spin(100)
    await turns(1)
  }
  t.ok(signs.sample().eventLoopDelay > 30)
})

t.test('a loop that has stood still all the time is as late as that', async t => {
  const signs = measureProcess()
  t.teardown(() => signs.close())
  await turns(50)
  signs.sample()
  spin(60)
  t.ok(signs.sample().eventLoopDelay >= 60)
})

t.test('knows the memory of the process', async t => {
  const signs = measureProcess()
  t.teardown(() => signs.close())
  const { heapUsed, rss } = signs.sample()
  t.ok(heapUsed > 1e6)
  t.ok(rss > heapUsed)
})
