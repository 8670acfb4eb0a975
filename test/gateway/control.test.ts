import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { ConfigError, createGateway } from '../../src/index.ts'
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
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => free.once('listening', resolve))
  const freePort = (free.address() as AddressInfo).port
  await new Promise(resolve => free.close(resolve))
  const gateway = await createGateway({ file: 'gateway.yaml', text: gatewayYaml(1, { listen: [{ host: '127.0.0.1', port: freePort }, { host: '127.0.0.1', port }] }), ...quiet })
  await t.rejects(gateway.listen(), { code: 'EADDRINUSE' })
  await t.rejects(ask(freePort, '/'), { code: 'ECONNREFUSED' })
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
