import t from 'tap'
import { until } from '../../helpers/running.ts'
import { cases } from './faults.ts'
import { bench, meet, recover, requests } from './matrix.ts'

for (const fault of cases) {
  t.test(`an upstream that ${fault.name}`, async t => {
    const gateway = await bench(t, fault)
    const { finished } = gateway
    for (const [name, bytes] of Object.entries(requests)) {
      const before = finished.length
      await meet(t, gateway, bytes, fault.expected, name)
      await until('it is logged', () => finished.length > before)
      t.equal(finished.at(-1)?.errorCode ?? null, fault.expected.code, name)
    }
    await recover(t, gateway)
  })
}
