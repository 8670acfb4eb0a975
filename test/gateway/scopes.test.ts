import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { definePlugin, Type, type FastifyRequest } from '../../src/plugin.ts'
import { config, entry, route, service } from '../helpers/config.ts'
import { startGateway } from '../helpers/gateway.ts'

const schema = Type.Object({}, { additionalProperties: false })

async function upstream (t: Test): Promise<number> {
  const server = createServer((_request, response) => response.end('ok'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close(); server.closeAllConnections() })
  return (server.address() as AddressInfo).port
}

async function status (port: number, path: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent: false }, response => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    }).on('error', reject)
  })
}

t.test('scopes share the Request and Reply classes of the root, but for those that decorate', async t => {
  const seen = new Map<string, unknown>()
  const note = (name: string, decorates: boolean) => definePlugin({
    name,
    priority: 1,
    schema,
    scopes: ['route'],
    register (scope) {
      if (decorates) scope.decorateRequest('extra', '')
      scope.addHook('onRequest', async request => { seen.set(name, (request as FastifyRequest).constructor) })
    }
  })
  const names = ['one', 'two', 'own']
  const { port } = await startGateway(t, config({
    services: [service({ port: await upstream(t) })],
    routes: names.map(name => route({ id: name, paths: [`/${name}`] })),
    plugins: names.map(name => entry({ name, route: name }))
  }), names.map(name => note(name, name === 'own')))
  for (const name of names) t.equal(await status(port, `/${name}`), 200)
  t.equal(seen.get('one'), seen.get('two'))
  t.not(seen.get('own'), seen.get('one'))
})

t.test('a plugin that adds a hook which the engine does not run fails the start', async t => {
  const odd = definePlugin({ name: 'odd', priority: 1, schema, scopes: ['global'], register (scope) { scope.addHook('onTimeout', async () => {}) } })
  await t.rejects(startGateway(t, config({ plugins: [entry({ name: 'odd' })] }), [odd]), /plugin 'odd' adds a hook 'onTimeout'/)
  const broken = definePlugin({ name: 'broken', priority: 1, schema, scopes: ['global'], register () { throw new Error('no such thing') } })
  await t.rejects(startGateway(t, config({ plugins: [entry({ name: 'broken' })] }), [broken]), { code: 'SP_PLUGIN_SETUP', message: /plugin 'broken' \(.*\) failed to register: no such thing/ })
})

t.test('a plugin that fails to set up fails the start, is named, and what was set up is closed', async t => {
  const closed: string[] = []
  const fine = definePlugin({ name: 'fine', priority: 2, schema, scopes: ['global'], setup: () => 'state', register () {}, close (state) { closed.push(state) } })
  const broken = definePlugin({ name: 'broken', priority: 1, schema, scopes: ['global'], async setup () { throw new Error('no file') }, register () {} })
  await t.rejects(startGateway(t, config({ plugins: [entry({ name: 'fine' }), entry({ name: 'broken' })] }), [fine, broken]), /plugin 'broken' \(\/plugins\/0\) failed to set up: no file/)
  t.strictSame(closed, ['state'])
})

t.test('a plugin that never ends its set-up fails the start', async t => {
  const hangs = definePlugin({ name: 'hangs', priority: 1, schema, scopes: ['global'], setup: () => new Promise(() => {}), register () {} })
  const base = config({ plugins: [entry({ name: 'hangs' })] })
  const quick = { ...base, gateway: { ...base.gateway, timeouts: { ...base.gateway.timeouts, setup: 20 } } }
  await t.rejects(startGateway(t, quick, [hangs]), /plugin 'hangs' .* was not set up within 20 ms/)
})

t.test('what a set-up asks for after its deadline is not kept: nobody would give it back', async t => {
  let release: () => void = () => {}
  const outcomes: unknown[] = []
  const slow = definePlugin({
    name: 'slow',
    priority: 1,
    schema,
    scopes: ['global'],
    async setup (_config, gateway) {
      await new Promise<void>(resolve => { release = resolve })
      for (const ask of [() => gateway.keep('a', () => 'kept'), () => gateway.share('b', () => 'shared')]) {
        try {
          outcomes.push(ask())
        } catch (error) {
          outcomes.push((error as Error).message)
        }
      }
    },
    register () {}
  })
  const base = config({ plugins: [entry({ name: 'slow' })] })
  await t.rejects(startGateway(t, { ...base, gateway: { ...base.gateway, timeouts: { ...base.gateway.timeouts, setup: 20 } } }, [slow]), /was not set up within 20 ms/)
  release()
  await new Promise(resolve => { setImmediate(resolve) })
  t.same(outcomes, Array.from({ length: 2 }, () => 'the setup of \'slow\' was given up: nothing is kept for it'))
})

t.test('more chains than Fastify bears by itself are built and closed', async t => {
  const count = 3_300
  const each = definePlugin({ name: 'each', priority: 1, schema, scopes: ['route'], register (scope) { scope.addHook('onRequest', async () => {}) } })
  const { port } = await startGateway(t, config({
    services: [service({ port: await upstream(t) })],
    routes: Array.from({ length: count }, (_, index) => route({ id: `r${index}`, paths: [`/p${index}/`] })),
    plugins: Array.from({ length: count }, (_, index) => entry({ id: `e${index}`, name: 'each', route: `r${index}` }))
  }), [each])
  t.equal(await status(port, `/p${count - 1}/`), 200)
})
