import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Unsendable } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Will be the same when it is sent again: what is wrong is the entry, not the server. */
const HOPELESS = new Set([400, 413, 422])

/** Sends batches of lines over connections that are kept. */
export class Poster {
  readonly #config: Config
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: HttpAgent

  constructor (config: Config) {
    this.#config = config
    const url = new URL(config.http_endpoint)
    const credentials = credentialsOf(url)
    this.#headers = {
      ...config.headers,
      'content-type': config.content_type,
      ...credentials === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
    }
    url.username = ''
    url.password = ''
    this.#url = url
    // of an agent, a timeout of 0 is none
    const options = config.keepalive === 0 ? { keepAlive: false } : { keepAlive: true, timeout: config.keepalive }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent({ ...options, rejectUnauthorized: config.ssl_verify }) : new HttpAgent(options)
  }

  /** As Kong has it: an object where batches are of one, else a list. */
  async send (batch: readonly string[]): Promise<void> {
    const body = Buffer.from(this.#config.queue.max_batch_size === 1 ? batch[0] as string : `[${batch.join()}]`, 'latin1')
    const status = await this.#request(body)
    if (status < 300) return
    const message = `the log server answered ${status}`
    throw HOPELESS.has(status) ? new Unsendable(message) : new Error(message)
  }

  close (): void {
    this.#agent.destroy()
  }

  #request (body: Buffer): Promise<number> {
    const { method, timeout } = this.#config
    const begin = this.#url.protocol === 'https:' ? requestHttps : requestHttp
    return new Promise((resolve, reject) => {
      const request = begin(this.#url, { method, agent: this.#agent, headers: { ...this.#headers, 'content-length': body.length } }, response => {
        response.on('error', reject).on('end', () => {
          clearTimeout(timer)
          resolve(response.statusCode as number)
        }).resume()
      })
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeout} ms`)), timeout)
      request.on('error', error => {
        clearTimeout(timer)
        reject(error)
      })
      request.end(body)
    })
  }
}

/** `user:password` of an address; empty: it has none. @throws URIError where a `%` is none of an escape */
export function credentialsOf ({ username, password }: URL): string {
  return username === '' ? '' : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
}
