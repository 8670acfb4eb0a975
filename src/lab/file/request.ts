import type { Lab } from '../lab.ts'
import { LabError, type LabRequest } from '../trial.ts'
import type { RequestSpec, TokenSpec } from './schema.ts'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** The time that a clock of a file speaks of, in milliseconds since the epoch. @throws LabError for a date that is none */
export function timeOf (clock: string, now: number): number {
  const [, amount, unit = ''] = /^\+(\d+)(ms|s|m|h|d)$/.exec(clock) ?? []
  if (amount !== undefined) return now + Number(amount) * (UNITS[unit] as number)
  const time = Date.parse(clock)
  if (Number.isNaN(time)) throw new LabError(`'${clock}' is no time`)
  return time
}

/** Moves the clock of a lab. @throws LabError backwards */
export function moveClock (lab: Lab, clock: string): void {
  const now = lab.clock.now()
  const time = timeOf(clock, now)
  if (time < now) throw new LabError(`the clock can't go back from ${new Date(now).toISOString()} to ${new Date(time).toISOString()}`)
  lab.clock.advance(time - now)
}

/** The request of a file, tokens minted. @throws LabError for a token that can't be made */
export function requestOf (lab: Lab, spec: RequestSpec): LabRequest {
  if (typeof spec === 'string') {
    const blank = spec.indexOf(' ')
    return blank === -1 ? addressed(spec) : { method: spec.slice(0, blank), ...addressed(spec.slice(blank + 1)) }
  }
  const { method, url, headers = {}, body, json, ip, consumer, token, client_certificate: certificate, messages } = spec
  const fields: Array<[string, string]> = Object.entries(headers).flatMap(([name, values]) => (Array.isArray(values) ? values : [values]).map((value): [string, string] => [name, value]))
  if (json !== undefined && !fields.some(([name]) => name.toLowerCase() === 'content-type')) fields.push(['Content-Type', 'application/json'])
  if (token !== undefined) {
    const text = mint(lab, token)
    fields.push(token.header === undefined ? ['Authorization', `Bearer ${text}`] : [token.header, text])
  }
  let shown: LabRequest['certificates']
  if (certificate !== undefined) {
    const { header, ...options } = certificate
    const made = lab.authorities.issue(options)
    if (header === undefined) shown = [made]
    else fields.push([header, lab.authorities.written(made, header)])
  }
  const content = json === undefined ? body : JSON.stringify(json)
  return {
    ...addressed(url),
    headers: fields,
    ...messages === undefined ? {} : { messages },
    ...method === undefined ? {} : { method },
    ...content === undefined ? {} : { body: content },
    ...ip === undefined ? {} : { ip },
    ...consumer === undefined ? {} : { consumer },
    ...shown === undefined ? {} : { certificates: shown }
  }
}

/** `ws` and `wss` say that a WebSocket is wanted. */
function addressed (url: string): Pick<LabRequest, 'url' | 'messages'> {
  return /^wss?:/i.test(url) ? { url: url.replace(/^ws/i, 'http'), messages: [] } : { url }
}

/** Makes the token of a request. @throws LabError */
export function mint (lab: Lab, { consumer, revoked = false, header: _header, ...options }: TokenSpec): string {
  const token = lab.provider.mint(consumer === undefined ? options : ofConsumer(lab, consumer, options))
  if (revoked) lab.provider.revoke(token)
  return token
}

type MintedToken = NonNullable<Parameters<Lab['provider']['mint']>[0]>

/** Of a consumer's own `jwt_secrets`, as Kong has them: a claim names the credential, and that has the key. */
function ofConsumer ({ config }: Lab, nameOrId: string, { claims, ...options }: MintedToken): MintedToken {
  const owner = config.consumers.find(({ id, username }) => id === nameOrId || username === nameOrId)
  if (owner === undefined) throw new LabError(`there is no consumer '${nameOrId}'`)
  const all = config.credentials.jwt_secrets.filter(({ consumer }) => consumer === owner.id)
  const own = options.private_key === undefined ? all.find(({ secret, algorithm }) => secret !== null && algorithm.startsWith('HS')) : all.find(({ algorithm }) => !algorithm.startsWith('HS'))
  if (own === undefined) {
    throw new LabError(options.private_key === undefined
      ? `'${nameOrId}' has no jwt_secrets of HS256, HS384 or HS512: the private key of others isn't in the file, write it as \`private_key\``
      : `'${nameOrId}' has no jwt_secrets with a public key`)
  }
  const readers = config.plugins.filter(({ name }) => name === 'jwt').map(({ config }) => config as ReaderOptions)
  // where entries differ, the secret as it stands
  const base64 = readers.length > 0 && readers.every(reader => reader.secret_is_base64 === true)
  const names = readers.map(({ key_claim_name: name = 'iss' }) => name)
  return {
    ...options,
    issuer: own.key,
    algorithm: own.algorithm,
    claims: { ...Object.fromEntries(names.map(name => [name, own.key])), ...claims },
    ...own.secret === null ? {} : { secret: base64 ? Buffer.from(own.secret, 'base64url') : own.secret }
  }
}

interface ReaderOptions {
  readonly key_claim_name?: string
  readonly secret_is_base64?: boolean
}
