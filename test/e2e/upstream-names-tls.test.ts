/** https to targets: connected by address, verified by name. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import path from 'node:path'
import t from 'tap'
import { makeCertificate } from '../helpers/certificates.ts'
import { dnsServer } from '../helpers/dns-server.ts'
import { ask, startProcess } from '../helpers/running.ts'

t.test('the certificate must be that of the name, whatever the address', async t => {
  const authority = makeCertificate('Test Authority')
  const { key, cert } = makeCertificate('good', { names: ['good.test'], issuer: authority })
  const names: unknown[] = []
  const server = createServer({ key, cert }, (request, response) => {
    names.push([(request.socket as TLSSocket).servername, request.headers.host])
    response.end('ok')
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port: secure } = server.address() as AddressInfo
  const dns = await dnsServer(t)
  dns.set('good.test', { type: 'A', address: '127.0.0.1' })
  dns.set('bad.test', { type: 'A', address: '127.0.0.1' })

  const cases = {
    name: `{ name: name, targets: [{ target: "good.test:${secure}" }] }`,
    wrong: `{ name: wrong, targets: [{ target: "bad.test:${secure}" }] }`,
    given: `{ name: given, host_header: good.test, targets: [{ target: "127.0.0.1:${secure}" }] }`,
    named: `{ name: named, host_header: good.test, targets: [{ target: "bad.test:${secure}" }] }`,
    address: `{ name: address, targets: [{ target: "127.0.0.1:${secure}" }] }`
  }
  const folder = t.testdir({
    'authority.pem': authority.cert,
    'gateway.yaml': `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 }, dns: { servers: ["${dns.address}"] } }
services:
${Object.keys(cases).map(name => `  - { name: ${name}, protocol: https, host: ${name}, retries: 0, routes: [{ name: ${name}, paths: [/${name}] }] }`).join('\n')}
upstreams:
${Object.values(cases).map(line => `  - ${line}`).join('\n')}
`
  })
  const { port } = await startProcess(t, path.join(folder, 'gateway.yaml'), { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') })
  const statuses: Record<string, number> = {}
  // twice: what was verified under one name is not used under another
  for (let round = 0; round < 2; round++) for (const name of Object.keys(cases)) statuses[`${name} ${round}`] = (await ask(port, `/${name}`)).status
  t.strictSame(statuses, {
    'name 0': 200,
    'wrong 0': 502,
    'given 0': 200,
    'named 0': 200,
    'address 0': 502,
    'name 1': 200,
    'wrong 1': 502,
    'given 1': 200,
    'named 1': 200,
    'address 1': 502
  })
  t.strictSame(names.slice(0, 3), [['good.test', `good.test:${secure}`], ['good.test', 'good.test'], ['good.test', 'good.test']])
})
