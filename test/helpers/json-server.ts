import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface JsonServer {
  /** `http://127.0.0.1:port`. */
  readonly origin: string
  readonly requests: ReadonlyArray<{ readonly method: string, readonly url: string, readonly headers: IncomingMessage['headers'], readonly body: string }>
}

/** A server that answers what it is told to, for the time of a test. What the function returns is sent as JSON. */
export async function jsonServer (t: Test, answer: (request: JsonServer['requests'][number], response: ServerResponse) => unknown): Promise<JsonServer> {
  const requests: Array<JsonServer['requests'][number]> = []
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.setEncoding('utf8').on('data', chunk => { body += String(chunk) }).on('end', () => {
      const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body }
      requests.push(request)
      const value = answer(request, response)
      if (value === undefined) return
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(value))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
