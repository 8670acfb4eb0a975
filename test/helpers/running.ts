import { spawn, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, request as send, Agent, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import type { GatewayStatus } from '../../src/gateway/control/status.ts'
import { packageRoot } from './package-root.ts'

/** How long a test waits for something that must happen; machines can be busy. */
export const PATIENCE = 60_000

/** Thrown by a condition that will never hold: waiting on is no use. */
export class Vain extends Error {}

/** Waits until a condition holds. One that throws doesn't hold yet: what it looks at may not be there. */
export async function until (what: string, condition: () => boolean | Promise<boolean>, patience = PATIENCE): Promise<void> {
  const end = performance.now() + patience
  for (;;) {
    let cause: unknown
    try {
      if (await condition()) return
    } catch (error) {
      if (error instanceof Vain) throw error
      cause = error
    }
    if (performance.now() > end) throw new Error(`waited in vain: ${what}${cause === undefined ? '' : ` (${String(cause)})`}`, { cause })
    await wait(10)
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One request; on a connection of its own unless told otherwise. @throws the socket's error */
export async function ask (port: number, target: string, options: { host?: string, agent?: Agent, headers?: Record<string, string>, method?: string, body?: string } = {}): Promise<Answer> {
  const { host = '127.0.0.1', agent, headers = {}, method = 'GET', body } = options
  return await new Promise((resolve, reject) => {
    send({ host, port, path: target, method, headers, agent: agent ?? false }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => { text += String(chunk) })
      response.on('end', () => resolve({ status: response.statusCode as number, headers: response.headers, text }))
      response.on('error', reject)
    }).on('error', reject).end(body)
  })
}

/** An upstream for the time of a test. */
export async function upstream (t: Test, listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** One service with one route for everything. `gateway` is written as JSON, which YAML is a superset of. */
export function gatewayYaml (upstreamPort: number, gateway: Record<string, unknown> = {}, rest = ''): string {
  const settings = { listen: [{ host: '127.0.0.1', port: 0 }], admin: { host: '127.0.0.1', port: 0, write: true }, shutdown: { delay: 0, timeout: 10_000 }, ...gateway }
  return `_format_version: "3.0"
gateway: ${JSON.stringify(settings)}
services:
  - name: up
    url: http://127.0.0.1:${upstreamPort}
    routes:
      - name: all
        paths: [/]
${rest}`
}

/** As a user would edit it: another route name, another header, one plugin more or less. */
export function editedYaml (upstreamPort: number, round: number): string {
  return gatewayYaml(upstreamPort, { log: { level: 'error', access: true } }, `  - name: other-${round}
    url: http://127.0.0.1:${upstreamPort}/v${round}
    routes:
      - name: other-${round}
        paths: [/other/${round}]
plugins:
  - name: correlation-id
    config: { header_name: X-Round-${round} }
${round % 2 === 0 ? '  - name: response-transformer\n    config: { add: { headers: ["x-even: yes"] } }\n' : ''}`)
}

export interface Running {
  readonly child: ChildProcess
  readonly port: number
  readonly adminPort: number
  readonly file: string
  /** Lines of the gateway's own log, parsed. */
  readonly log: Array<{ readonly level: string, readonly msg: string, readonly [field: string]: unknown }>
  /** Everything that was written, as it came. */
  readonly output: { stdout: string, stderr: string }
  /** Lines of the access log, parsed. */
  access (): Array<Record<string, unknown>>
  /** Writes the file anew. */
  write (yaml: string): void
  status (): Promise<GatewayStatus>
  /** Waits for a line of the own log. */
  logged (pattern: RegExp): Promise<void>
  readonly ended: Promise<{ readonly code: number | null, readonly signal: string | null }>
}

/**
 * `sallyport start`, for the time of a test.
 *
 * @param yaml the file's content, or its absolute path
 */
export async function startProcess (t: Test, yaml: string, env: Record<string, string> = {}): Promise<Running> {
  const file = path.isAbsolute(yaml) ? yaml : path.join(t.testdir(), 'gateway.yaml')
  if (!path.isAbsolute(yaml)) writeFileSync(file, yaml)
  const child = spawn(process.execPath, [path.join(packageRoot, 'dist/src/cli/main.js'), 'start', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // coverage of the children is collected with the test's
    env: { ...process.env, ...env }
  })
  const output = { stdout: '', stderr: '' }
  const log: Running['log'] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', chunk => { output.stdout += String(chunk) })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    output.stderr += String(chunk)
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (line.startsWith('{')) log.push(JSON.parse(line) as Running['log'][number])
    }
  })
  const ended = new Promise<{ code: number | null, signal: string | null }>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })

  const portOf = (pattern: RegExp): number => {
    for (const { msg } of log) {
      const match = pattern.exec(msg)
      if (match !== null) return Number(match[1])
    }
    return 0
  }
  await until('the gateway listens', () => {
    if (child.exitCode !== null) throw new Vain(`the gateway ended: ${output.stderr}`)
    return portOf(/admin on .*:(\d+)/) !== 0
  })
  const adminPort = portOf(/admin on .*:(\d+)/)
  return {
    child,
    file,
    log,
    output,
    ended,
    adminPort,
    port: portOf(/listening on .*:(\d+)/),
    access: () => output.stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Record<string, unknown>),
    write: text => writeFileSync(file, text),
    status: async () => JSON.parse((await ask(adminPort, '/status')).text) as GatewayStatus,
    logged: async pattern => await until(String(pattern), () => log.some(({ msg }) => pattern.test(msg)))
  }
}
