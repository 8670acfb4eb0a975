import { LoopbackServer, receive, type ReceivedRequest, send, type UpstreamAnswer } from './loopback-server.ts'

export type UpstreamHandler = (request: ReceivedRequest) => UpstreamAnswer | Promise<UpstreamAnswer>

/** A server on a free port that writes down what it gets. */
export class StubUpstream {
  readonly received: ReceivedRequest[] = []
  readonly #server: LoopbackServer

  constructor (handler: UpstreamHandler) {
    this.#server = new LoopbackServer(async (message, response) => {
      const request = await receive(message)
      this.received.push(request)
      send(response, await handler(request))
    })
  }

  /** @returns the port */
  async listen (): Promise<number> {
    return await this.#server.listen()
  }

  async close (): Promise<void> {
    await this.#server.close()
  }

  /** @throws what the handler threw since the last call: it belongs to the test, not into an answer */
  check (): void {
    this.#server.check()
  }
}
