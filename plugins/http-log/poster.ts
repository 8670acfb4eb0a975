import { HttpSender, Unsendable } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Will be the same when it is sent again: what is wrong is the entry, not the server. */
const HOPELESS = new Set([400, 413, 422])

/** Bytes of an answer that are read, and not looked at. */
const LONGEST_ANSWER = 65_536

/** Sends batches of lines over connections that are kept. */
export class Poster {
  readonly #config: Config
  readonly #sender: HttpSender

  constructor (config: Config) {
    this.#config = config
    const url = new URL(config.http_endpoint)
    const credentials = credentialsOf(url)
    this.#sender = new HttpSender({
      url,
      method: config.method,
      headers: {
        ...config.headers,
        'content-type': config.content_type,
        ...credentials === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
      },
      verify: config.ssl_verify,
      idle: config.keepalive,
      longest: LONGEST_ANSWER
    })
  }

  /** As Kong has it: an object where batches are of one, else a list. */
  async send (batch: readonly string[]): Promise<void> {
    const body = Buffer.from(this.#config.queue.max_batch_size === 1 ? batch[0] as string : `[${batch.join()}]`, 'latin1')
    const { status, error } = await this.#sender.send(body, this.#config.timeout)
    if (status === null) throw new Error((error as Error).message, { cause: error })
    if (status < 300) return
    const message = `the log server answered ${status}`
    throw HOPELESS.has(status) ? new Unsendable(message) : new Error(message)
  }

  close (): void {
    this.#sender.close()
  }
}

/** `user:password` of an address; empty: it has none. @throws URIError where a `%` is none of an escape */
export function credentialsOf ({ username, password }: URL): string {
  return username === '' ? '' : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
}
