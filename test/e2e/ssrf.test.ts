/** Nothing fetches an address that a request names: a server that everything points to is never asked. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import forwardAuth from '../../plugins/forward-auth/index.ts'
import jwt from '../../plugins/jwt/index.ts'
import openidConnect from '../../plugins/openid-connect/index.ts'
import proxyCache from '../../plugins/proxy-cache/index.ts'
import { testPlugin } from '../../src/testing/index.ts'
import { statusOf } from '../helpers/http-messages.ts'
import { jwks, makeKey, signToken } from '../helpers/jwt.ts'
import { ask } from '../helpers/raw-client.ts'
import { upstream as listen } from '../helpers/running.ts'

const NOW = Date.UTC(2030, 0, 1) / 1000
const attacker = makeKey('RS256', { kid: 'evil' })
const own = makeKey('RS256', { kid: 'own' })

/** Counts connections, and answers whatever would help an attacker. */
async function trap (t: Test): Promise<{ url: string, host: string, connections: () => number }> {
  let connections = 0
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ issuer: `http://${request.headers.host}`, jwks_uri: `http://${request.headers.host}/jwks`, ...jwks(attacker) }))
  })
  server.on('connection', () => { connections++ })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: `http://${host}`, host, connections: () => connections }
}

t.test('a token names its key or its issuer: neither is fetched (jwt, openid-connect)', async t => {
  const { url, connections } = await trap(t)
  const issuer = await listen(t, (request, response) => {
    response.setHeader('Content-Type', 'application/json')
    const self = `http://${request.headers.host}`
    response.end(JSON.stringify(request.url === '/jwks' ? jwks(own) : { issuer: self, jwks_uri: `${self}/jwks` }))
  })
  const trusted = `http://127.0.0.1:${issuer}`
  const headers: ReadonlyArray<Record<string, unknown>> = [{ jku: `${url}/jwks` }, { x5u: `${url}/chain` }, { jwk: jwks(attacker).keys[0] }, { kid: `${url}/jwks` }, { kid: '../../jwks' }, { kid: `own', '${url}` }, { jku: `${url}/jwks`, kid: 'own' }, { x5t: url, x5c: [url] }]
  for (const { plugin, config } of [
    { plugin: jwt, config: { jwks: jwks(own), issuer: trusted } },
    { plugin: jwt, config: { issuer: trusted, allow_insecure: true } },
    { plugin: jwt, config: { issuers: [{ issuer: trusted, jwks: jwks(own) }, { issuer: 'https://other.test', jwks: jwks(own) }] } },
    { plugin: openidConnect, config: { issuer: trusted, allow_insecure: true } }
  ]) {
    const test = await testPlugin(t, { plugin, config })
    const claims = { sub: 'x', exp: NOW + 60, iat: NOW }
    for (const header of headers) {
      const token = await signToken(attacker, { ...claims, iss: trusted }, header)
      t.equal((await test.request({ headers: { authorization: `Bearer ${token}` } })).status, 401, JSON.stringify(header))
    }
    for (const iss of [url, `${trusted}@${url.slice(7)}`, `${trusted}/../${url}`, `${trusted}#${url}`]) {
      const token = await signToken(attacker, { ...claims, iss })
      t.equal((await test.request({ headers: { authorization: `Bearer ${token}` } })).status, 401, iss)
    }
    t.equal((await test.request({ headers: { authorization: `Bearer ${await signToken(own, { ...claims, iss: trusted })}` } })).status, 200, 'the issuer\'s own')
  }
  t.equal(connections(), 0)
})

t.test('no field and no form of a target decides where a request goes', async t => {
  const { url, host, connections } = await trap(t)
  const test = await testPlugin(t, { plugin: proxyCache, config: {}, route: { preserve_host: true } })
  for (const head of [
    `GET ${url}/x HTTP/1.1\r\nHost: ${host}\r\n`, `GET / HTTP/1.1\r\nHost: ${host}\r\n`, `GET //${host}/x HTTP/1.1\r\nHost: a\r\n`, `GET /@${host} HTTP/1.1\r\nHost: a\r\n`, `GET /\\${host} HTTP/1.1\r\nHost: a\r\n`,
    ...['X-Forwarded-Host', 'Forwarded', 'X-Original-URL', 'X-Rewrite-URL', 'X-Host', 'X-HTTP-Host-Override', 'Referer', 'Origin', 'X-Forwarded-Server', 'Destination', 'Link'].map(name => `GET / HTTP/1.1\r\nHost: a\r\n${name}: ${name === 'Forwarded' ? `host=${host}` : url}\r\n`),
    `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n`
  ]) {
    const { answer } = await ask(t, test.port, `${head}\r\n`)
    t.ok([200, 400, 405].includes(statusOf(answer)), head)
  }
  t.equal(connections(), 0)
})

t.test('where an upstream or an authoriser redirects to is for the client to follow', async t => {
  const { url, connections } = await trap(t)
  const authoriser = await listen(t, (_request, response) => response.writeHead(302, { location: `${url}/login`, link: `<${url}>; rel=preload` }).end())
  const refused = await testPlugin(t, { plugin: forwardAuth, config: { url: `http://127.0.0.1:${authoriser}/` } })
  t.not((await refused.request()).status, 200)
  const cached = await testPlugin(t, { plugin: proxyCache, config: {}, upstream: () => ({ status: 302, headers: { location: `${url}/x`, 'content-location': `${url}/y`, link: `<${url}>; rel=preload` } }) })
  t.equal((await cached.request()).status, 302)
  t.equal((await cached.request({ method: 'POST' })).status, 302)
  t.equal(connections(), 0)
})

t.test('an issuer that redirects its keys elsewhere has none', async t => {
  const { url, connections } = await trap(t)
  const issuer = await listen(t, (_request, response) => response.writeHead(302, { location: `${url}/jwks` }).end())
  const test = await testPlugin(t, { plugin: jwt, config: { jwks_uri: `http://127.0.0.1:${issuer}/jwks`, issuer: 'https://a.test', allow_insecure: true } })
  const token = await signToken(attacker, { iss: 'https://a.test', exp: NOW + 60 })
  t.not((await test.request({ headers: { authorization: `Bearer ${token}` } })).status, 200)
  t.equal(connections(), 0)
  await fetch(url)
  t.equal(connections(), 1, 'who does ask is noticed')
})
