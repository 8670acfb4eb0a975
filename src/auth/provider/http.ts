import type { Agent, buildConnector, Dispatcher } from 'undici'
import { undici } from '../../lazy-packages.ts'
import { failOnWrongName } from './certificate-name.ts'
import { causeCode } from '../../proxy/errors.ts'
import type { ProviderClock } from './clock.ts'
import { ProviderError } from './provider-error.ts'
import { providerUrl } from './url.ts'

export interface ProviderHttpOptions {
  readonly clock: ProviderClock
  /** Milliseconds for a request as a whole, from the look-up of the name to the last byte. */
  readonly timeout: number
  /** Bytes of an answer's body. */
  readonly limit?: number
  /** http is good enough. */
  readonly allowInsecure: boolean
  /** Milliseconds for which an idle connection stays open; default 4 s. */
  readonly keepAlive?: number | undefined
  /** Makes its connections; default: Node's. */
  readonly connector?: buildConnector.connector | undefined
}

export interface JsonAnswer {
  readonly body: Readonly<Record<string, unknown>>
  /** Cache-Control as it was sent; '' without. */
  readonly cacheControl: string
}

/** The largest key sets of public providers have some 20 KiB. */
const LIMIT = 262_144
/** For introspection, where requests don't wait for each other. */
const CONNECTIONS = 32
/** A little less than the limits of common servers. */
const IDLE = 4_000

/**
 * Asks a provider for JSON: within a time and a size, over https unless told otherwise. Redirects are not followed: a
 * request may carry a secret, and an address that answers with one is a mistake in the configuration.
 *
 * Certificates are verified against the authorities of Node, and those of NODE_EXTRA_CA_CERTS.
 */
export class ProviderHttp {
  readonly #options: ProviderHttpOptions
  readonly #agent: Agent

  constructor (options: ProviderHttpOptions) {
    this.#options = options
    const { Agent, buildConnector } = undici()
    this.#agent = new Agent({
      connections: CONNECTIONS,
      maxResponseSize: options.limit ?? LIMIT,
      // undici takes no 0
      keepAliveTimeout: Math.max(1, options.keepAlive ?? IDLE),
      connect: failOnWrongName(options.connector ?? buildConnector({ timeout: options.timeout }))
    })
  }

  /** @throws ProviderError */
  async get (url: string): Promise<JsonAnswer> {
    return await this.#send(url, { method: 'GET', headers: {} })
  }

  /** @throws ProviderError */
  async post (url: string, form: URLSearchParams, headers: Readonly<Record<string, string>>): Promise<JsonAnswer> {
    return await this.#send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: form.toString()
    })
  }

  /** Cuts what is under way. */
  async close (): Promise<void> {
    await this.#agent.destroy()
  }

  async #send (text: string, { headers, ...options }: { method: Dispatcher.HttpMethod, headers: Record<string, string>, body?: string }): Promise<JsonAnswer> {
    const url = providerUrl(text, this.#options.allowInsecure)
    const late = new AbortController()
    const stop = this.#options.clock.after(this.#options.timeout, () => late.abort())
    try {
      const answer = await undici().request(url, {
        ...options,
        headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'sallyport', ...headers },
        dispatcher: this.#agent,
        signal: late.signal,
        // the deadline is the one above, for everything
        headersTimeout: 0,
        bodyTimeout: 0
      })
      return await readAnswer(answer)
    } catch (error) {
      if (error instanceof ProviderError) throw error
      if (late.signal.aborted) throw new ProviderError(`it did not answer within ${this.#options.timeout} ms`)
      // the cause's own words may quote headers or bodies
      const code = causeCode(error)
      throw new ProviderError(code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? 'its answer is too large' : `the request failed (${code === '' ? 'no code' : code})`)
    } finally {
      stop()
    }
  }
}

async function readAnswer ({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<JsonAnswer> {
  if (statusCode !== 200) {
    // read to its end, so that the connection serves again
    await body.dump({ limit: 16_384 })
    throw new ProviderError(statusCode >= 300 && statusCode < 400 ? `it answered with a redirect (${statusCode}), and those are not followed` : `it answered with status ${statusCode}`, { status: statusCode })
  }
  const parsed = parseObject(await body.text())
  if (parsed === null) throw new ProviderError('its answer is not a JSON object', { status: statusCode })
  return { body: parsed, cacheControl: String(headers['cache-control'] ?? '') }
}

function parseObject (text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : null
  } catch {
    return null
  }
}
