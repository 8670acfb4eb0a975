import type { Test } from 'tap'
import type { Context } from '../../../src/gateway/context.ts'
import type { GatewayServer } from '../../../src/gateway/gateway-server.ts'
import { config, route, service } from '../../helpers/config.ts'
import { startGateway } from '../../helpers/gateway.ts'
import { statusOf } from '../../helpers/http-messages.ts'
import { rawClient } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/running.ts'
import { FaultyUpstream } from './faulty-upstream.ts'
import type { Case, Expected } from './faults.ts'

const HEAD = 'HTTP/1.1\r\nHost: gateway.test\r\n'

/** Requests that meet each fault: one that may be repeated, one that is held, one that streams. */
export const requests: Readonly<Record<string, string>> = {
  GET: `GET / ${HEAD}\r\n`,
  'a short POST': `POST / ${HEAD}Content-Length: 3\r\n\r\nabc`,
  'a POST that streams': `POST / ${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n`
}

/** What one request came to. */
export async function outcome (t: Test, port: number, bytes: string): Promise<{ status: number | 'cut', text: string }> {
  const client = await rawClient(t, port)
  client.send(bytes)
  await client.until(({ closed, answers }) => closed !== null || answers[0]?.complete === true)
  const answer = client.answers[0]
  client.socket.destroy()
  return { status: answer?.complete === true ? statusOf(answer) : 'cut', text: client.text }
}

export interface Bench {
  readonly fault: Case
  readonly upstream: FaultyUpstream
  readonly server: GatewayServer
  readonly port: number
  readonly finished: Context[]
  /** Builds the configuration anew and lets it serve. */
  reload (): Promise<void>
}

/** A gateway before an upstream with this fault. */
export async function bench (t: Test, fault: Case): Promise<Bench> {
  const upstream = await new FaultyUpstream(t, fault).start()
  const file = config({ services: [service({ port: upstream.port, retries: 0, read_timeout: fault.readTimeout ?? 400 })], routes: [route()] })
  const finished: Context[] = []
  const { server, port } = await startGateway(t, file, [], { accessLog: () => context => { finished.push(context) } })
  return { fault, upstream, server, port, finished, reload: async () => { (await server.prepare(file, new Map())).commit() } }
}

/** Sends one request and looks at what the client gets. */
export async function meet (t: Test, { port }: Bench, bytes: string, { status }: Expected, what: string): Promise<void> {
  const { status: got, text } = await outcome(t, port, bytes)
  if (got !== status) t.fail(`${what}: ${got} in place of ${status}`)
  if (/ECONN|UND_ERR|SP_|127\.0\.0\.1/.test(text)) t.fail(`${what}: the answer tells too much: ${text}`)
}

/** Nothing is left of the requests, and the next one is served as soon as the upstream works. */
export async function recover (t: Test, { fault, upstream, server, port }: Bench): Promise<void> {
  await until('no request runs, no old configuration is left', () => server.facts().requests === 0 && server.facts().retired === 0)
  // what worked in the end may be used again
  await until('no broken connection is left', () => fault.expected.code === null || upstream.struck.every(socket => socket.destroyed || socket.readableEnded))
  await upstream.heal()
  for (const bytes of Object.values(requests)) t.equal((await outcome(t, port, bytes)).status, 200, 'the next request')
}
