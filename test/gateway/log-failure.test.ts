import { Writable } from 'node:stream'
import { pino } from 'pino'
import t from 'tap'
import { LocalEngine } from '../../src/gateway/local-engine.ts'
import { createDestination } from '../../src/observability/destination.ts'
import { createLog } from '../../src/observability/log.ts'
import { createRedactor } from '../../src/observability/redaction.ts'
import { definePlugin, GatewayError, Type, type FastifyBaseLogger } from '../../src/plugin.ts'
import { config, entry, route, service, settings } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'
import { testPlugin } from '../helpers/plugins.ts'
import { ask } from '../helpers/running.ts'

/** What the own log says when a plugin throws this. */
async function logged (t: Parameters<typeof startGateway>[0], error: unknown): Promise<{ status: number, lines: Array<Record<string, unknown>> }> {
  const lines: Array<Record<string, unknown>> = []
  const stream = new Writable({ write (line, _encoding, done) { lines.push(JSON.parse(String(line))); done() } })
  const plugin = testPlugin(scope => { scope.addHook('onRequest', async () => { throw error }) })
  const { port } = await startGateway(t, config({ services: [service({ port: 1 })], routes: [route()], plugins: [entry({ name: plugin.name })] }), [plugin], {
    log: pino({ base: null }, stream) as unknown as FastifyBaseLogger
  })
  const { status } = await ask(port, '/')
  return { status, lines: lines.filter(({ msg }) => String(msg).startsWith('a request failed')) }
}

t.test('a coded 5xx is one line with its code and what it came from, and no stack', async t => {
  const { status, lines } = await logged(t, new GatewayError('SP_KEYS', 503, 'no key set', { cause: new Error('connect ECONNREFUSED') }))
  t.equal(status, 503)
  t.match(lines, [{ level: 40, msg: 'a request failed: no key set', code: 'SP_KEYS', status: 503, cause: 'connect ECONNREFUSED', request_id: /^[0-9a-f]{32}$/, route: 'route' }])
  t.notMatch(JSON.stringify(lines), / at /)
})

t.test('a coded 500 is an error', async t => {
  const { lines } = await logged(t, new GatewayError('SP_X', 500, 'no'))
  t.match(lines, [{ level: 50, msg: 'a request failed: no' }])
  t.notHas(lines[0], { cause: String })
})

t.test('a coded error of another copy of the package is one, too', async t => {
  const { lines } = await logged(t, Object.assign(new Error('busy'), { name: 'GatewayError', code: 'X_BUSY', statusCode: 503 }))
  t.match(lines, [{ level: 40, msg: 'a request failed: busy', code: 'X_BUSY' }])
})

t.test('what nobody planned comes with its stack', async t => {
  const { status, lines } = await logged(t, new TypeError('x is not a function'))
  t.equal(status, 500)
  t.match(lines, [{ level: 50, msg: 'a request failed', err: { type: 'TypeError', stack: /log-failure\.test/ } }])
})

t.test('a refusal is no failure', async t => {
  t.same(await logged(t, new GatewayError('SP_X', 401, 'Unauthorized')), { status: 401, lines: [] })
})

t.test('values of the configuration that runs are cut from logs, however many configurations fail to follow it', async t => {
  const lines: string[] = []
  const log = createLog('info', { write: line => { lines.push(line) } })
  const engine = new LocalEngine({ log, destination: createDestination('/dev/null'), workers: 1 })
  const failing = definePlugin({
    name: 'failing',
    priority: 1,
    schema: Type.Object({}, { additionalProperties: false }),
    scopes: ['global'],
    setup () { throw new Error('no') },
    register () {}
  })
  const loadout = (number: number, secret: string, plugins: string[]): Parameters<LocalEngine['start']>[0] => ({
    number,
    config: config({ gateway: settings({ log: { level: 'info', access: false, redact: [] } }), services: [service({ port: 1 })], plugins: plugins.map(name => entry({ name })) }),
    registry: new Map([[failing.name, failing]]),
    directory: process.cwd(),
    secrets: { values: [secret], hosts: [] },
    redactor: createRedactor([], [secret])
  })
  await engine.start(loadout(1, 'running-secret', []))
  t.teardown(async () => {
    await engine.drain()
    await engine.close()
  })
  for (let number = 2; number < 7; number++) await t.rejects(engine.prepare(loadout(number, `failed-secret-${number}`, ['failing'])))
  log.logger.info('it says running-secret')
  t.equal(JSON.parse(lines.at(-1) as string).msg, 'it says REDACTED')
})
