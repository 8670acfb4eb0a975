/** Files of thousands of entries: nothing is done with all of them at once where requests are served. */
import { unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { allEndpoints } from '../../src/admin/endpoints/all.ts'
import { createFinder } from '../../src/admin/router.ts'
import type { AdminSource } from '../../src/admin/source.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createCheckApart } from '../../src/gateway/control/check-apart.ts'
import type { ProcessFacts } from '../../src/gateway/engine.ts'
import { History } from '../../src/gateway/control/history.ts'
import { inBrief, type GatewayStatus } from '../../src/gateway/control/status.ts'
import type { RunnableFile } from '../../src/gateway/control/reload.ts'
import { finish, jsonSteps, type Steps } from '../../src/steps.ts'

const MANY = 300

function yaml (): string {
  const each = (text: (index: number) => string): string => Array.from({ length: MANY }, (_, index) => text(index)).join('\n')
  return `_format_version: "3.0"
services:
${each(i => `  - { name: service-${i}, host: up-${i}, protocol: http, routes: [{ name: route-${i}, paths: [/r${i}], plugins: [{ name: rate-limiting, config: { minute: 5 } }] }] }`)}
upstreams:
${each(i => `  - { name: up-${i}, targets: [{ target: "10.0.0.1:80" }] }`)}
consumers:
${each(i => `  - { username: user-${i}, keyauth_credentials: [{ key: key-of-user-${i} }] }`)}
`
}

t.test('answers that grow with the file leave turns to requests, and the longest are those that do', async t => {
  const file = await loadConfig({ file: 'gateway.yaml', text: yaml() }) as RunnableFile
  t.not(file.config, null)
  const facts = [{
    limits: file.config.plugins.map(entry => ({ entry: entry.id, plugin: entry.name, route: entry.route, service: null, consumer: null, policy: 'local', state: 'local', counters: 1, decisions: 1, refused: 0, store_errors: 0, shown: null })),
    upstreams: [],
    pools: [],
    circuit_breakers: file.config.services.map(({ name }) => ({ service: name, route: null, target: null, state: 'open' }))
  } as unknown as ProcessFacts]
  const row = new Array<number>(57).fill(1)
  const source = {
    running: () => file,
    rules: () => ({ token: null, write: false, metrics_open: false }),
    number: 1,
    history: new History(),
    facts: async () => facts,
    ask: async () => [{ first: 0, rows: [], routes: file.config.routes.map(({ name }) => [name, row]), crowded: false }]
  } as unknown as AdminSource
  for (const target of ['/services', '/services/service-1/routes', '/routes', '/plugins', '/consumers', '/upstreams', '/config', '/config/source', '/config/comparable', '/limits', '/traffic']) {
    let turns = 0
    const spread = async <Result>(steps: Steps<Result>): Promise<Result> => {
      for (;;) {
        const { done, value } = steps.next()
        if (done === true) return value
        turns++
      }
    }
    // what is kept of the one before is not seen by the next
    const found = createFinder(allEndpoints())(target).get('GET')
    const answer = await found?.endpoint.run({ source, params: found.params, query: new URLSearchParams(), body: undefined, headers: {}, spread })
    t.equal(answer?.status, 200, target)
    t.ok(turns >= MANY, `${target}: ${turns} turns`)
  }
})

t.test('items of lists are written one by one, and an item with a long list of its own item by item', t => {
  const turns = (value: unknown): number => {
    let count = 0
    for (const steps = jsonSteps(value); steps.next().done !== true;) count++
    return count
  }
  const items = Array.from({ length: 500 }, (_, index) => ({ index }))
  t.ok(turns({ data: items }) >= 500)
  t.ok(turns({ processes: [{ limits: items }] }) >= 500)
  t.equal(finish(jsonSteps({ processes: [{ limits: items }] }))?.join(''), JSON.stringify({ processes: [{ limits: items }] }))
  t.end()
})

t.test('in brief, a status is as short as that of a small file', t => {
  const breaker = { service: 'a', route: null, target: null }
  const status = {
    last_reload: { ok: true, diagnostics: Array.from({ length: 10_000 }, () => ({ severity: 'warning' })) },
    processes: [{ pid: 1, limits: new Array(10_000).fill({}), upstreams: new Array(10_000).fill({}), pools: new Array(10_000).fill({}), circuit_breakers: [{ ...breaker, state: 'closed' }, { ...breaker, state: 'open' }] }]
  } as unknown as GatewayStatus
  const brief = inBrief(status)
  t.ok(JSON.stringify(brief).length < 2_000)
  t.match(brief.processes, [{ pid: 1, circuit_breakers: [{ state: 'open' }] }])
  t.equal(brief.processes[0]?.circuit_breakers.length, 1)
  t.equal(inBrief({ ...status, last_reload: null }).last_reload, null)
  t.end()
})

t.test('a file is checked in a thread of its own, with what the gateway can\'t change while it runs', async t => {
  const file = path.join(t.testdir({ 'gateway.yaml': yaml() }), 'gateway.yaml')
  const { gateway: running } = (await loadConfig({ file }) as RunnableFile).config
  const check = createCheckApart({ file, shown: 'gateway.yaml', env: { PORT: '8443' } })
  const first = check(running)
  await setImmediate()
  writeFileSync(file, `${yaml()}gateway: { listen: [{ host: 127.0.0.1, port: \${{ env "DECK_PORT" }} }], admin: nothing }\n`)
  const [one, second, third] = await Promise.all([first, check(running), check(running)])
  t.equal(second, third, 'who comes during a check shares the next one')
  t.ok(second.diagnostics.some(({ severity, range, file }) => severity === 'error' && range.line > MANY && file === 'gateway.yaml'), 'which sees what was written meanwhile')
  t.equal(typeof one.text, 'string')
  writeFileSync(file, yaml())
  t.match((await check({ ...running, workers: 3 })).diagnostics.filter(({ severity }) => severity === 'error'), [{ rule: 'restart-needed', path: 'gateway.workers' }])
  unlinkSync(file)
  await t.rejects(check(running), /gateway\.yaml/)
})
