import { type Editable, GatewayError, type UpstreamRequest } from '../../src/plugin.ts'

/** What RFC 3986 allows in a host with a port, as far as a name or address really uses it. */
const HOST = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

export function isHost (value: string): boolean {
  return HOST.test(value)
}

/** The header of the upstream request. Host, which isn't among its fields, can only be replaced. */
export class HeaderFields implements Editable<string> {
  readonly #upstream: UpstreamRequest

  constructor (upstream: UpstreamRequest) {
    this.#upstream = upstream
  }

  has (name: string): boolean {
    return this.#upstream.headers.has(name) || name.toLowerCase() === 'host'
  }

  remove (name: string): boolean {
    return this.#upstream.headers.delete(name)
  }

  /** All fields of the name stay where they are; a change of case alone is honoured. */
  rename (from: string, to: string): void {
    const { headers } = this.#upstream
    const lower = from.toLowerCase()
    if (to.toLowerCase() !== lower) headers.delete(to)
    const { raw } = headers
    for (let index = 0; index < raw.length; index += 2) {
      if ((raw[index] as string).toLowerCase() === lower) raw[index] = to
    }
  }

  set (name: string, value: string): void {
    if (name.toLowerCase() !== 'host') {
      this.#upstream.headers.set(name, value)
      return
    }
    // a name made of what the client sent must not reach places that read it as something else
    if (!isHost(value)) throw new GatewayError('SP_REQUEST_TRANSFORMER_HOST', 400, 'Bad request')
    this.#upstream.hostHeader = value
  }

  append (name: string, value: string): void {
    this.#upstream.headers.append(name, value)
  }
}
