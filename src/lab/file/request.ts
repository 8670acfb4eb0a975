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
  const token = lab.provider.mint(consumer === undefined ? options : { ...options, ...ownSecret(lab, consumer) })
  if (revoked) lab.provider.revoke(token)
  return token
}

function ownSecret ({ config }: Lab, nameOrId: string): { algorithm: 'HS256' | 'HS384' | 'HS512', secret: string, issuer: string } {
  const owner = config.consumers.find(({ id, username }) => id === nameOrId || username === nameOrId)
  if (owner === undefined) throw new LabError(`there is no consumer '${nameOrId}'`)
  const own = config.credentials.jwt_secrets.find(({ consumer, secret }) => consumer === owner.id && secret !== null)
  if (own === undefined) throw new LabError(`'${nameOrId}' has no jwt_secrets of HS256, HS384 or HS512: the private key of others isn't in the file`)
  return { algorithm: own.algorithm as 'HS256', secret: own.secret as string, issuer: own.key }
}
