import { nearest } from '../nearest.ts'
import type { Finding } from '../report.ts'
import { hostProblem } from './host.ts'
import { refusedProtocol } from './later.ts'
import { servicePathProblem } from './path.ts'

export interface ServiceAddress {
  readonly protocol: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string | null
}

export interface ParsedUrl {
  /** null when a problem makes it unusable. */
  readonly address: ServiceAddress | null
  readonly findings: readonly Finding[]
}

const URL_PARTS = /^(?:([a-z][a-z0-9+.-]*):\/\/|\/\/)?(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::([^/?#]*))?([^?#]*)([?#].*)?$/is

/** `http//host`, `http:/host`, `http;//host`: what stands between scheme and host. Not `http:8080`, a host and its port. */
const MISTYPED_SEPARATOR = /^(https?)(?:[;.,]?\/\/+|[:;]\/?(?!\/|\d+(?:\/|$)))(?=[^/:])/i

/** The whole url as it was probably meant; undefined where nothing looks mistyped. */
function mistypedScheme (text: string, scheme: string | undefined): string | undefined {
  if (scheme !== undefined) {
    const guess = refusedProtocol(scheme.toLowerCase()) === undefined ? nearest(scheme, ['https', 'http']) : undefined
    return guess === undefined || guess === scheme.toLowerCase() ? undefined : guess + text.slice(scheme.length)
  }
  const mistyped = MISTYPED_SEPARATOR.exec(text)
  return mistyped === null ? undefined : `${(mistyped[1] as string).toLowerCase()}://${text.slice(mistyped[0].length)}`
}

/** The shorthand of a service, by Kong's rules: what isn't said follows from scheme or port. */
export function parseServiceUrl (text: string): ParsedUrl {
  const [, scheme, user, host = '', port, path = '', rest] = URL_PARTS.exec(text) ?? ['']
  const findings: Finding[] = []
  // the schema has said that it is empty
  if (text === '') return { address: null, findings }
  const bad = (cause: string, mend: string): void => { findings.push({ rule: 'bad-url', cause, mend }) }
  const meant = mistypedScheme(text, scheme)
  if (meant !== undefined) {
    bad('a service url starts with http:// or https://', `Did you mean ${meant}?`)
    return { address: null, findings }
  }
  const protocol = scheme?.toLowerCase() ?? (port === '443' ? 'https' : 'http')
  if (protocol !== 'http' && protocol !== 'https') {
    const later = refusedProtocol(protocol)
    if (later !== undefined) findings.push(later)
    else bad('a service url starts with http:// or https://', 'Write http://host:port/path.')
  }
  if (user !== undefined) bad('user and password in a service url are not supported', 'Remove them; add an Authorization header with request-transformer.')
  if (host === '') bad('this url has no host', 'Write http://host:port/path.')
  else {
    const problem = hostProblem(host, { port: false, wildcard: false })
    if (problem !== undefined) findings.push({ rule: 'bad-host', ...problem })
  }
  const number = port === undefined ? (protocol === 'https' ? 443 : 80) : Number(port)
  if (port !== undefined && (!/^\d{1,5}$/.test(port) || number > 65535)) bad('value should be between 0 and 65535', 'Write a port from 0 to 65535 behind the colon.')
  if (path !== '') {
    const problem = servicePathProblem(path)
    if (problem !== undefined) findings.push({ rule: 'bad-path', ...problem })
  }
  if (findings.length > 0) return { address: null, findings }
  if (rest !== undefined) {
    findings.push({ severity: 'warning', rule: 'ignored-part', cause: 'query and fragment of a service url have no effect', mend: 'Remove them; add query arguments with request-transformer.' })
  }
  return { address: { protocol: protocol as 'http' | 'https', host, port: number, path: path === '' ? null : path }, findings }
}
