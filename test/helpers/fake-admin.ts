/** An admin listener that serves the built dashboard and made-up answers. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { dashboardAnswer } from './dashboard-data.ts'
import { packageRoot } from './package-root.ts'

const TYPES: Readonly<Record<string, string>> = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' }
/** As the admin listener sends it. */
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export interface FakeAdmin {
  readonly url: string
  readonly port: number
  /** What the listener answers in place of the made-up data, by path. */
  readonly instead: Map<string, { readonly status: number, readonly body: unknown }>
  /** Wanted in `Authorization`; null: none is. */
  token: string | null
  /** `POST /rollback {"snapshot":3}`, … */
  readonly orders: string[]
  close (): Promise<void>
}

export async function fakeAdmin (port = 0): Promise<FakeAdmin> {
  const instead = new Map<string, { readonly status: number, readonly body: unknown }>()
  const orders: string[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += String(chunk) })
    request.on('end', () => { answer(request, body, response) })
  })

  function answer (request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake')
    if (url.pathname.startsWith('/dashboard/')) {
      file(url.pathname.slice('/dashboard/'.length), response)
      return
    }
    if (fake.token !== null && request.headers.authorization !== `Bearer ${fake.token}`) {
      json(response, 401, { message: 'The token is missing or wrong.' })
      return
    }
    if (request.method === 'POST') orders.push(`${url.pathname} ${body}`)
    const other = instead.get(url.pathname)
    if (other !== undefined) {
      json(response, other.status, other.body)
      return
    }
    const found = dashboardAnswer(url.pathname, url.searchParams)
    json(response, found === undefined ? 404 : url.pathname === '/reload' ? 409 : 200, found ?? { message: 'Not found' })
  }

  await new Promise<void>(resolve => { server.listen(port, '127.0.0.1', resolve) })
  const bound = (server.address() as AddressInfo).port
  const fake: FakeAdmin = {
    url: `http://127.0.0.1:${bound}/dashboard/`,
    port: bound,
    instead,
    orders,
    token: null,
    async close () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
  return fake
}

function file (name: string, response: ServerResponse): void {
  const wanted = name === '' ? 'index.html' : name
  try {
    const bytes = readFileSync(join(packageRoot, 'dist/src/dashboard', wanted))
    response.writeHead(200, { 'content-type': TYPES[wanted.split('.').at(-1) ?? ''] ?? 'application/octet-stream', 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' })
    response.end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}

function json (response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
