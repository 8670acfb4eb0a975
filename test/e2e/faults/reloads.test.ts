import t from 'tap'
import { until } from '../../helpers/running.ts'
import { cases } from './faults.ts'
import { bench, meet, recover, requests } from './matrix.ts'

for (const fault of cases) {
  t.test(`an upstream that ${fault.name}, during reloads`, async t => {
    const gateway = await bench(t, fault)
    const enough = new AbortController()
    let reloads = 0
    const reloading = (async () => {
      while (!enough.signal.aborted) {
        await gateway.reload()
        reloads++
        await new Promise(resolve => { setImmediate(resolve) })
      }
    })()
    await Promise.all(Object.entries(requests).flatMap(([name, bytes]) => [1, 2].map(async () => await meet(t, gateway, bytes, fault.expected, name))))
    enough.abort()
    await reloading
    t.ok(reloads > 0)
    await until('all are logged', () => gateway.finished.length === 6)
    t.same(gateway.finished.filter(context => (context.errorCode ?? null) !== fault.expected.code).map(context => context.errorCode), [])
    await recover(t, gateway)
  })
}
