import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { makeCertificate, type Identity } from '../helpers/certificates.ts'
import { ask, startProcess } from '../helpers/running.ts'

async function tlsUpstream (t: Test, identity: Identity): Promise<number> {
  const server = createServer({ key: identity.key, cert: identity.cert }, (_request, response) => { response.end('ok') })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** One service for each upstream, under `/` and its name. */
function yaml (ports: Readonly<Record<string, number>>): string {
  return `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 } }
services:
${Object.entries(ports).map(([name, port]) => `  - { name: ${name}, url: "https://localhost:${port}", retries: 0, routes: [{ name: ${name}, paths: [/${name}] }] }`).join('\n')}
`
}

t.test('an upstream is trusted when an authority that Node is told of vouches for its name, today', async t => {
  const authority = makeCertificate('Test Authority')
  const stranger = makeCertificate('Test Authority')
  const yesterday = new Date(Date.now() - 86_400_000)
  const ports = {
    good: await tlsUpstream(t, makeCertificate('good', { names: ['localhost'], issuer: authority })),
    other: await tlsUpstream(t, makeCertificate('other', { names: ['other.test'], issuer: authority })),
    expired: await tlsUpstream(t, makeCertificate('expired', { names: ['localhost'], issuer: authority, notAfter: yesterday })),
    // the name of the authority, and another key
    forged: await tlsUpstream(t, makeCertificate('forged', { names: ['localhost'], issuer: stranger }))
  }
  const folder = t.testdir({ 'authority.pem': authority.cert, 'gateway.yaml': yaml(ports) })
  const trusting = await startProcess(t, path.join(folder, 'gateway.yaml'), { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') })
  const statuses: Record<string, number> = {}
  for (const name of Object.keys(ports)) statuses[name] = (await ask(trusting.port, `/${name}`)).status
  t.same(statuses, { good: 200, other: 502, expired: 502, forged: 502 })

  // a name that doesn't fit once fails again, and ends nothing else
  for (let nth = 0; nth < 3; nth++) t.equal((await ask(trusting.port, '/other')).status, 502)
  t.equal((await ask(trusting.port, '/good')).status, 200)

  const unaware = await startProcess(t, path.join(folder, 'gateway.yaml'))
  t.equal((await ask(unaware.port, '/good')).status, 502, 'nobody told this one')
})

t.test('a client that may choose the name of the handshake ends nothing with a wrong one', async t => {
  const authority = makeCertificate('Test Authority')
  const port = await tlsUpstream(t, makeCertificate('good', { names: ['good.test'], issuer: authority }))
  const folder = t.testdir({ 'authority.pem': authority.cert, 'gateway.yaml': yaml({ good: port }).replace('paths:', 'preserve_host: true, paths:').replace('retries: 0,', 'retries: 0, circuit_breaker: { failure_threshold: 2, reset_timeout: 60000 },') })
  const gateway = await startProcess(t, path.join(folder, 'gateway.yaml'), { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') })
  for (const [host, status] of [['good.test', 200], ['evil.test', 502], ['evil.test', 502], ['other.test', 502], ['good.test', 200]] as const) {
    t.equal((await ask(gateway.port, '/good', { headers: { host } })).status, status, host)
  }
  t.equal(gateway.child.exitCode, null)
})

t.test('and opens no breaker for the others', async t => {
  const authority = makeCertificate('Test Authority')
  const port = await tlsUpstream(t, makeCertificate('good', { names: ['good.test'], issuer: authority }))
  const text = yaml({ good: port }).replace('retries: 0,', 'retries: 0, circuit_breaker: { failure_threshold: 1 },').replace('paths:', 'preserve_host: true, paths:')
  const folder = t.testdir({ 'authority.pem': authority.cert, 'gateway.yaml': text })
  const gateway = await startProcess(t, path.join(folder, 'gateway.yaml'), { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') })
  for (const [host, status] of [['evil.test', 502], ['evil.test', 502], ['good.test', 200]] as const) {
    t.equal((await ask(gateway.port, '/good', { headers: { host } })).status, status, host)
  }
})

t.test('nor does an authoriser or an identity provider whose certificate is for another name', async t => {
  const authority = makeCertificate('Test Authority')
  const port = await tlsUpstream(t, makeCertificate('other', { names: ['other.test'], issuer: authority }))
  const folder = t.testdir({
    'authority.pem': authority.cert,
    'gateway.yaml': `_format_version: "3.0"
gateway: { listen: [{ host: 127.0.0.1, port: 0 }], admin: { host: 127.0.0.1, port: 0 } }
services:
  - name: service
    url: http://127.0.0.1:9
    routes:
      - { name: asks, paths: [/asks], plugins: [{ name: forward-auth, config: { url: "https://localhost:${port}/verify" } }] }
      - { name: introspects, paths: [/introspects], plugins: [{ name: oauth2-introspection, config: { introspection_url: "https://localhost:${port}/introspect", authorization_value: "Basic eA==" } }] }
`
  })
  const gateway = await startProcess(t, path.join(folder, 'gateway.yaml'), { NODE_EXTRA_CA_CERTS: path.join(folder, 'authority.pem') })
  for (const route of ['/asks', '/introspects']) {
    for (let nth = 0; nth < 3; nth++) t.equal((await ask(gateway.port, route, { headers: { authorization: `Bearer token-${nth}` } })).status, 503, route)
  }
  t.equal(gateway.child.exitCode, null)
})
