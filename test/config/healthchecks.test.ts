import t from 'tap'
import { fixture, loadText } from '../helpers/marked-yaml.ts'

const file = (healthchecks: string) => `_format_version: "3.0"
services: [{ name: users, host: users, routes: [{ name: users, paths: [/] }] }]
upstreams: [{ name: users, targets: [{ target: 10.0.0.1 }], healthchecks: ${healthchecks} }]
`

const load = async (healthchecks: string) => {
  const { config, diagnostics } = await loadText(file(healthchecks), { plugins: [fixture] })
  return { config, found: diagnostics.filter(({ path }) => path.includes('healthchecks')).map(({ severity, rule, path }) => `${severity} ${rule} ${path}`) }
}

t.test('Kong\'s defaults are filled in', async t => {
  for (const text of ['{}', 'null', '{ active: { type: http } }', '{ passive: {} }']) {
    const { config, found } = await load(text)
    t.same(found, [])
    t.same(config?.upstreams[0]?.healthchecks, {
      threshold: 0,
      max_ejection_percent: 50,
      active: {
        type: 'http',
        timeout: 1,
        concurrency: 10,
        http_path: '/',
        https_verify_certificate: true,
        healthy: { interval: 0, http_statuses: [200, 302], successes: 0 },
        unhealthy: { interval: 0, http_statuses: [429, 404, 500, 501, 502, 503, 504, 505], tcp_failures: 0, timeouts: 0, http_failures: 0 }
      },
      passive: {
        type: 'http',
        healthy: { http_statuses: [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308], successes: 0 },
        unhealthy: { http_statuses: [429, 500, 503], tcp_failures: 0, timeouts: 0, http_failures: 0 },
        recovery_interval: 30,
        max_recovery_interval: 300
      }
    }, text)
  }
})

t.test('what has no effect is told', async t => {
  const cases: Readonly<Record<string, string>> = {
    '{ active: { unhealthy: { http_failures: 1, interval: 1 }, healthy: { successes: 1 } } }': 'active.unhealthy',
    '{ active: { healthy: { successes: 1, interval: 1 }, unhealthy: { tcp_failures: 1 } } }': 'active.healthy.successes',
    '{ active: { healthy: { interval: 1 } } }': 'active.healthy.interval',
    '{ active: { unhealthy: { interval: 1 } } }': 'active.unhealthy.interval',
    '{ passive: { healthy: { successes: 1 } } }': 'passive.healthy.successes'
  }
  for (const [text, place] of Object.entries(cases)) {
    const { config, found } = await load(text)
    t.ok(config)
    t.same(found, [`warning ignored-part upstreams[users].healthchecks.${place}`], text)
  }
  t.same((await load('{ active: { healthy: { interval: 5, successes: 1 }, unhealthy: { interval: 1, timeouts: 1 } }, passive: { healthy: { successes: 2 }, unhealthy: { timeouts: 1 } } }')).found, [])
})

t.test('mistakes are errors', async t => {
  for (const text of ['{ active: { healthy: { interval: -1 } } }', '{ active: { http_path: healthz } }', '{ passive: { unhealthy: { http_failures: 256 } } }', '{ max_ejection_percent: 101 }', '{ active: { timeout: 0 } }', '{ active: { headers: { "a b": [x] } } }', '{ active: { headers: { Content-Length: ["1"] } } }', '{ active: 5 }', '{ actve: {} }', '{ active: { type: grpc } }']) {
    const { config, found } = await load(text)
    t.equal(config, null, text)
    t.match(found[0], /^error /, text)
  }
})
