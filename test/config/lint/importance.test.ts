import t from 'tap'
import { findingsOf } from './findings.ts'

const services = 'services: [{ name: a, host: a.internal, importance: low, routes: [{ name: r, paths: [/], importance: high }] }]'

t.test('importance needs a limit to matter', async t => {
  t.match(await findingsOf('unused-importance', services), [{ path: 'services[a].importance' }])
  for (const limit of ['event_loop_delay', 'heap_used', 'rss', 'in_flight']) {
    t.same(await findingsOf('unused-importance', `gateway: { overload: { ${limit}: 100 } }\n${services}`), [], limit)
  }
})

t.test('a file that says nothing of it is left alone', async t => {
  t.same(await findingsOf('unused-importance', 'services: [{ name: a, host: a.internal, routes: [{ name: r, paths: [/] }] }]'), [])
})
