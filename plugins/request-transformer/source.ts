import { ArgumentList, type FastifyRequest, type GatewayRequest, toBytes, type UpstreamRequest } from '../../src/plugin.ts'

/** Fields that the gateway keeps out of `upstream.headers` and that are the client's own all the same. */
const CLIENT_FIELDS = new Set([
  'host', 'content-length', 'via', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port',
  'x-forwarded-path', 'x-forwarded-prefix'
])

/**
 * The request as templates see it: as it was before this plugin changed anything.
 *
 * Header fields are those that go up, so that what an authentication plugin said about the caller can be used and what a
 * client pretended can't.
 */
export class Source {
  readonly requestId: string
  readonly #request: FastifyRequest
  readonly #captures: Readonly<Record<string, string>>
  readonly #fields: readonly string[]
  readonly #query: string | null
  readonly #uuid: () => string
  #arguments: ArgumentList | null = null

  /** @param keepFields whether header fields are read while they change: they are copied then */
  constructor (request: FastifyRequest, gateway: GatewayRequest, upstream: UpstreamRequest, uuid: () => string, keepFields: boolean) {
    this.requestId = gateway.id
    this.#request = request
    this.#captures = gateway.captures
    this.#fields = keepFields ? upstream.headers.raw.slice() : upstream.headers.raw
    this.#query = upstream.query
    this.#uuid = uuid
  }

  /** @param name lower-case */
  header (name: string): string | undefined {
    if (CLIENT_FIELDS.has(name)) return this.#request.headers[name] as string | undefined
    const fields = this.#fields
    let value: string | undefined
    for (let index = 0; index < fields.length; index += 2) {
      const field = fields[index] as string
      if (field.length !== name.length || field.toLowerCase() !== name) continue
      // RFC 9110 section 5.3; cookies are joined by RFC 6265's rule
      value = value === undefined ? fields[index + 1] : `${value}${name === 'cookie' ? '; ' : ', '}${fields[index + 1]}`
    }
    return value
  }

  /** @param name bytes */
  argument (name: string): string | undefined {
    this.#arguments ??= ArgumentList.parse(this.#query ?? '')
    return this.#arguments.get(name)
  }

  capture (name: string): string | undefined {
    const value = Object.hasOwn(this.#captures, name) ? this.#captures[name] : undefined
    return value === undefined ? undefined : toBytes(value)
  }

  uuid (): string {
    return this.#uuid()
  }
}
