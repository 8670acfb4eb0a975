import t from 'tap'
import type { Test } from 'tap'
import plugin from '../../plugins/retry/index.ts'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Service } from '../../src/config/model.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { entry, route } from '../helpers/config.ts'
import { statusOf } from '../helpers/http-messages.ts'
import { get, settled, startHop } from '../helpers/hop.ts'
import { completeConfig } from '../helpers/plugin-config.ts'
import { ask } from '../helpers/raw-client.ts'
import { rawUpstream } from '../helpers/raw-upstream.ts'

/** Attempts that a request makes at a service that always answers with 503, by its path. */
async function start (t: Test, config: object, service: Partial<Service> = {}): Promise<(path: string) => Promise<number>> {
  const upstream = await rawUpstream(t, 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')
  const { server, port } = await startHop(t, upstream.port, {
    plugins: [plugin],
    service,
    routes: [route({ id: 'other' }), route({ id: 'special', paths: ['/special'] }), route({ id: 'nowhere', paths: ['/nowhere'], service: null })],
    entries: [entry({ name: plugin.name, route: 'special', config: completeConfig(plugin, { backoff: 0, ...config }) }), entry({ id: 'nobody', name: plugin.name, route: 'nowhere', config: completeConfig(plugin, {}) })]
  })
  return async path => {
    const before = upstream.requests.length
    t.equal(statusOf((await ask(t, port, get(path))).answer), 503)
    await settled(server)
    return upstream.requests.length - before
  }
}

t.test('an entry says for its requests alone what is asked again', async t => {
  const attempts = await start(t, { retry_on: [503] })
  t.equal(await attempts('/special'), 6, 'as often as the service says')
  t.equal(await attempts('/'), 1)
  t.equal(await attempts('/nowhere'), 0)
})

t.test('`retries` of an entry takes the place of the service\'s', async t => {
  const attempts = await start(t, { retry_on: [503], retries: 1 })
  t.equal(await attempts('/special'), 2)
})

t.test('an entry replaces what the service says, and can turn retries off', async t => {
  const attempts = await start(t, { retries: 0 }, { retries: 2, retry: { ...DEFAULT_RETRY, retry_on: [503], backoff: 0 } })
  t.equal(await attempts('/'), 3)
  t.equal(await attempts('/special'), 1)
})

t.test('the budget is the service\'s, for all its routes', async t => {
  const attempts = await start(t, { retry_on: [503], retries: 9 }, { retries: 9, retry: { ...DEFAULT_RETRY, retry_on: [503], backoff: 0, budget_percent: 0, budget_minimum: 1 } })
  const all = await attempts('/special') + await attempts('/') + await attempts('/special')
  t.equal(all, 3 + 10)
})

t.test('what is no reason, no method or no number is refused', async t => {
  for (const config of [{ retry_on: [] }, { retry_on: ['refused'] }, { retry_on: [200] }, { methods: ['get'] }, { hedge_delay: 0 }, { body_limit: 1 }]) {
    await t.rejects(testPlugin(t, { plugin, config }), JSON.stringify(config))
  }
})
