import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { PATIENCE } from './running.ts'
import { parseMessages, type Message } from './http-messages.ts'

/** A client that writes bytes, not requests, and keeps all that comes back. */
export class RawClient {
  readonly socket: Socket
  /** Error code or 'end' or 'close'; null while the connection is open. */
  closed: string | null = null
  #bytes = Buffer.alloc(0)
  #watchers: Array<() => void> = []
  readonly #methods: string[] = []

  constructor (socket: Socket) {
    this.socket = socket
    socket.on('data', chunk => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    socket.on('error', error => { this.closed ??= (error as NodeJS.ErrnoException).code ?? 'error' })
    socket.on('end', () => {
      this.closed ??= 'end'
      this.#wake()
    })
    socket.on('close', () => {
      this.closed ??= 'close'
      this.#wake()
    })
  }

  #wake (): void {
    for (const watcher of this.#watchers.slice()) watcher()
  }

  send (bytes: string | Buffer, method?: string): this {
    if (method !== undefined) this.#methods.push(method)
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  get bytes (): Buffer {
    return this.#bytes
  }

  get text (): string {
    return this.#bytes.toString('latin1')
  }

  /** The answers so far, read strictly. */
  get answers (): Message[] {
    return parseMessages(this.#bytes, 'answer', { ended: this.closed === 'end' || this.closed === 'close', methods: this.#methods }).messages
  }

  /** Waits until the condition holds. @throws Error with what has come so far, when it takes too long */
  async until (condition: (client: this) => boolean, patience = PATIENCE): Promise<this> {
    if (condition(this)) return this
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`nothing of the kind within ${patience} ms; so far (${this.closed ?? 'open'}): ${JSON.stringify(this.text.slice(0, 2_000))}`))
      }, patience)
      const watcher = (): void => {
        if (!condition(this)) return
        stop()
        resolve()
      }
      const stop = (): void => {
        clearTimeout(timer)
        this.#watchers = this.#watchers.filter(known => known !== watcher)
      }
      this.#watchers.push(watcher)
    })
    return this
  }

  /** Waits for the n-th whole answer (from 1), interim ones included. */
  async answer (number = 1, patience?: number): Promise<Message> {
    await this.until(() => this.answers[number - 1]?.complete === true, patience)
    return this.answers[number - 1] as Message
  }

  /** Waits until the gateway has closed the connection. */
  async end (patience?: number): Promise<this> {
    return await this.until(() => this.closed !== null, patience)
  }
}

/** Opens a connection that ends with the test. `allowHalfOpen`: stays writable after the gateway's end. */
export async function rawClient (t: Test, port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  const client = new RawClient(socket)
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return client
}

/** Sends bytes on a connection of their own and waits for the first whole answer. */
export async function ask (t: Test, port: number, bytes: string | Buffer, method?: string): Promise<{ client: RawClient, answer: Message }> {
  const client = await rawClient(t, port)
  client.send(bytes, method)
  return { client, answer: await client.answer() }
}
