import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError, createGateway } from '../../src/index.ts'
import { freePort } from '../helpers/free-port.ts'
import { ask, gatewayYaml, until, upstream } from '../helpers/running.ts'

const quiet = { accessLog: '/dev/null', log: { write () {} } }

t.test('a file with errors makes no gateway, and says everything', async t => {
  const text = gatewayYaml(1).replace('paths: [/]', 'path: [/]').replace('name: up', 'nam: up')
  const error = await createGateway({ file: 'gateway.yaml', text, ...quiet }).then(() => null, (reason: unknown) => reason)
  t.type(error, ConfigError)
  const { diagnostics, message } = error as ConfigError
  t.ok(diagnostics.length >= 2)
  t.match(message, /^gateway\.yaml:\d+:\d+: /)
  await t.rejects(createGateway({ file: path.join(t.testdir({}), 'none.yaml'), ...quiet }), { code: 'SP_CONFIG_FILE' })
})

t.test('listens, serves, and is ready only in between', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(port), ...quiet })
  t.same(gateway.addresses, [])
  t.equal((await gateway.status()).state, 'starting')
  await gateway.listen()
  const admin = gateway.adminAddress?.port as number
  t.equal((await ask(admin, '/readyz')).status, 200)
  t.equal((await ask(gateway.addresses[0]?.port as number, '/a')).text, '/a.')
  t.equal(await gateway.close(), true)
  t.equal(await gateway.close(), true, 'closing twice is no harm')
  await t.rejects(ask(admin, '/livez'), { code: 'ECONNREFUSED' })
  t.match(await gateway.reload(), { ok: false, error: 'the gateway is shutting down' })
})

t.test('a gateway without an admin listener', async t => {
  const port = await upstream(t, (_, response) => { response.end('ok') })
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(port), overrides: { adminPort: 'off' }, ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  t.equal(gateway.adminAddress, null)
  t.equal((await ask(gateway.addresses[0]?.port as number, '/')).status, 200)
})

t.test('one address that is taken closes all others again', async t => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => taken.once('listening', resolve))
  t.teardown(() => taken.close())
  const port = (taken.address() as AddressInfo).port
  const free = await freePort()
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(1, { listen: [{ host: '127.0.0.1', port: free }, { host: '127.0.0.1', port }] }), ...quiet })
  await t.rejects(gateway.listen(), { code: 'EADDRINUSE' })
  await t.rejects(ask(free, '/'), { code: 'ECONNREFUSED' })
})

t.test('watches the file when told to', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(port) }), 'gateway.yaml')
  const gateway = await createGateway({ file, watch: true, ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  writeFileSync(file, gatewayYaml(port).replace('paths: [/]', 'paths: [/v2]'))
  await until('the reload', async () => (await gateway.status()).configuration.snapshot === 2)
  t.equal((await ask(gateway.addresses[0]?.port as number, '/v2/a')).text, '/a.')
})

t.test('two gateways in one process do not notice each other', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const [one, two] = await Promise.all(['/one', '/two'].map(async prefix => {
    const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(port).replace('paths: [/]', `paths: [${prefix}]`), ...quiet })
    await gateway.listen()
    return gateway
  }))
  t.teardown(() => two?.close())
  t.equal((await ask(one?.addresses[0]?.port as number, '/one/a')).text, '/a.')
  await one?.close()
  t.equal((await ask(two?.addresses[0]?.port as number, '/two/a')).text, '/a.')
})

t.test('a reload while it starts waits for the start; one that never listened is refused', async t => {
  const port = await upstream(t, (request, response) => { response.end(`${request.url}.`) })
  const file = path.join(t.testdir({ 'gateway.yaml': gatewayYaml(port) }), 'gateway.yaml')
  const gateway = await createGateway({ file, ...quiet })
  t.match(await gateway.reload(), { ok: false, error: 'the gateway does not listen' })
  const listening = gateway.listen()
  const reloading = gateway.reload()
  await listening
  t.match(await reloading, { ok: true })
  const { configuration, processes } = await gateway.status()
  t.match({ configuration, processes }, { configuration: { snapshot: 2 }, processes: [{ snapshot: 2 }] })
  const closing = gateway.close()
  t.equal(await closing, true)
})

t.test('closing a gateway that starts waits for the start', async t => {
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(1), ...quiet })
  const listening = gateway.listen()
  t.equal(await gateway.close(), true)
  await listening
  t.equal((await gateway.status()).state, 'stopped')
})

t.test('a file that a plugin reads is looked at again when it changes: schemas and what they refer to, OpenAPI, GraphQL, key sets', async t => {
  const port = await upstream(t, (_, response) => { response.end('ok') })
  const orders = (type: string): string => JSON.stringify({ type: 'object', properties: { a: { $ref: 'parts.json' } }, title: type })
  const folder = t.testdir({
    'order.json': orders('one'),
    'parts.json': '{ "type": "string" }',
    'api.yaml': 'openapi: 3.1.0\ninfo: { title: a, version: "1" }\npaths: { /a: { get: { responses: { "200": { description: ok } } } } }\n',
    'schema.graphql': 'type Query { a: Int }',
    'keys.json': JSON.stringify({ keys: [{ kty: 'oct', kid: 'a', alg: 'HS256', k: Buffer.alloc(32, 1).toString('base64url') }] })
  })
  const plugins = `
- { name: request-validator, route: all, config: { body_schema: { $ref: ./order.json } } }
- { name: oas-validator, route: api, config: { spec_file: api.yaml } }
- { name: graphql-rate-limiting-advanced, route: graphql, config: { window_size: [60], limit: [10], cost_strategy: node_quantifier, schema: schema.graphql, costs: [{ type_path: Query.a, add_constant: 1 }] } }
- { name: jwt, route: jwt, config: { jwks_file: keys.json } }
`
  const text = `${gatewayYaml(port)}routes: [{ name: api, service: up, paths: [/api] }, { name: graphql, service: up, paths: [/graphql] }, { name: jwt, service: up, paths: [/jwt] }]\nplugins:${plugins}`
  const file = path.join(folder, 'gateway.yaml')
  writeFileSync(file, text)
  const names = ['api.yaml', 'keys.json', 'order.json', 'parts.json', 'schema.graphql']
  const loaded = await loadConfig({ file })
  t.same(loaded.diagnostics.filter(({ severity }) => severity === 'error').map(({ cause }) => cause), [])
  t.same(loaded.files.map(one => path.basename(one.path)).sort(), names)
  const gateway = await createGateway({ file, watch: true, ...quiet })
  await gateway.listen()
  t.teardown(() => gateway.close())
  const send = async (a: unknown): Promise<number> => (await ask(gateway.addresses[0]?.port as number, '/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ a }) })).status
  t.same([await send('text'), await send(1)], [200, 400])
  writeFileSync(path.join(folder, 'parts.json'), '{ "type": "integer" }')
  await until('the other schema', async () => await send(1) === 200)
  t.equal(await send('text'), 400)
  writeFileSync(path.join(folder, 'parts.json'), '{ "type": ')
  await until('a refusal', async () => (await gateway.status()).last_reload?.ok === false)
  t.equal(await send(1), 200, 'what can\'t be used changes nothing')
  writeFileSync(path.join(folder, 'parts.json'), '{ "type": "boolean" }')
  await until('the mended one', async () => await send(true) === 200)
})
