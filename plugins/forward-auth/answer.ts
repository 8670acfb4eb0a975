import { GatewayError, type HeaderList, type Identity, identityOf, type Subanswer, SubrequestError } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** A 2xx answer, as far as it matters to the request. */
export interface Permission {
  readonly identity: Identity
  /** The answer says who calls, so that what was known before doesn't count. */
  readonly names: boolean
  /** For the client. */
  readonly clientHeaders: ReadonlyArray<readonly [name: string, values: readonly string[]]>
}

/** Describe the body, and go wherever it goes. */
const ABOUT_BODY = ['Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Disposition']

/** Reads a 2xx answer. @throws GatewayError 503 when it contradicts itself */
export function permissionOf ({ headers }: Subanswer, config: Config): Permission {
  const subject = single(headers, config.subject_header)
  return {
    identity: identityOf({
      subject,
      credential: subject === null ? null : { id: subject, identifier: subject },
      groups: list(headers, config.groups_header, /,/),
      roles: list(headers, config.roles_header, /,/) ?? [],
      scopes: list(headers, config.scopes_header, /[\s,]/) ?? [],
      headers: config.upstream_headers.flatMap(name => headers.has(name) ? [[name, textOf(headers.getAll(name).join(', '))] as const] : [])
    }),
    names: subject !== null,
    clientHeaders: pick(headers, config.client_headers)
  }
}

/** Any other answer, as the gateway's own. */
export function refusalOf ({ status, headers, body }: Subanswer, config: Config): GatewayError {
  const content = body !== null && body.length > 0 && status >= 400
  const fields = [...pick(headers, config.refusal_headers), ...content ? pick(headers, ABOUT_BODY) : []]
  return new GatewayError('SP_FORWARD_AUTH', status, '', {
    headers: Object.fromEntries(fields.map(([name, values]) => [name.toLowerCase(), values.length === 1 ? values[0] as string : values])),
    ...content ? { content: body } : {}
  })
}

/** Whoever can't be asked allows nothing. @param cause for the log */
export function unavailable (cause: unknown): GatewayError {
  // nobody gets that answer, and nothing is wrong with the authoriser
  if (cause instanceof SubrequestError && cause.left) return new GatewayError('SP_CLIENT_CLOSED', 503, 'The client has left', { quiet: true })
  return new GatewayError('SP_FORWARD_AUTH_UNAVAILABLE', 503, 'The authorization service is unavailable', { cause })
}

function single (headers: HeaderList, name: string | undefined): string | null {
  const values = name === undefined ? [] : headers.getAll(name)
  // two subjects: whom would the service take it for?
  if (values.length > 1) throw unavailable(new Error(`the answer has several '${name}' fields`))
  const value = textOf(values[0] ?? '').trim()
  return value === '' ? null : value
}

function list (headers: HeaderList, name: string | undefined, separator: RegExp): string[] | null {
  if (name === undefined || !headers.has(name)) return null
  return headers.getAll(name).flatMap(value => textOf(value).split(separator)).map(item => item.trim()).filter(item => item !== '')
}

function pick (headers: HeaderList, names: readonly string[]): Array<[string, string[]]> {
  return names.map((name): [string, string[]] => [name, headers.getAll(name)]).filter(([, values]) => values.length > 0)
}

/** Field values are bytes; what is in them beyond ASCII is UTF-8 nowadays. */
function textOf (value: string): string {
  return Buffer.from(value, 'latin1').toString()
}
