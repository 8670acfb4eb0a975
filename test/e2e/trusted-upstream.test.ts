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

  const unaware = await startProcess(t, path.join(folder, 'gateway.yaml'))
  t.equal((await ask(unaware.port, '/good')).status, 502, 'nobody told this one')
})
