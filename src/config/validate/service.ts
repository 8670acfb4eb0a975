import type { Service } from '../model.ts'
import type { EntityContext, Fields } from './context.ts'
import { hostProblem } from './host.ts'
import { breakerFindings } from './circuit-breaker.ts'
import { missing } from './messages.ts'
import { sentence } from './sentence.ts'
import { checkServicePath } from './path.ts'
import { parseServiceUrl } from './url.ts'
import type { ServiceAddress } from './url.ts'

const OVERWRITTEN = ['protocol', 'host', 'port', 'path'] as const

/** What a schema can't say about a service. Gives the address that its fields or its `url` come to; null without one. */
export function checkService (fields: Fields, context: EntityContext): ServiceAddress | null {
  const address = typeof fields['url'] === 'string' ? fromUrl(fields['url'], fields, context) : fromFields(fields, context)
  if (address?.protocol === 'http' && !context.isBroken(['protocol'])) refuseTls(fields, context)
  else if (fields['tls_verify'] === false) warnUnverified(fields, context)
  checkBreaker(fields['circuit_breaker'], context)
  return address
}

const TLS = ['tls_verify', 'tls_verify_depth', 'ca_certificates', 'client_certificate'] as const

function refuseTls (fields: Fields, context: EntityContext): void {
  for (const key of TLS) {
    if (fields[key] === undefined) continue
    context.at([key], {
      rule: 'field-conflict',
      cause: 'value must be null: failed conditional validation given value of field \'protocol\'',
      mend: `Remove ${key}, or reach the service by https.`
    })
  }
}

function warnUnverified (fields: Fields, context: EntityContext): void {
  for (const key of ['tls_verify_depth', 'ca_certificates']) {
    if (fields[key] === undefined) continue
    context.at([key], { severity: 'warning', rule: 'ignored-part', cause: `'${key}' has no effect: with 'tls_verify: false' nothing is verified`, mend: 'Remove `tls_verify`: the upstream is then verified by these authorities.' }, 'key')
  }
}

function checkBreaker (options: unknown, context: EntityContext): void {
  if (typeof options !== 'object' || options === null || context.holdsBroken(['circuit_breaker'])) return
  for (const { path, message, mend, severity = 'error' } of breakerFindings(options)) {
    context.at(['circuit_breaker', path.slice(1)], { rule: 'circuit-breaker', severity, cause: message, mend: sentence(mend) })
  }
}

function fromUrl (url: string, fields: Fields, context: EntityContext): ServiceAddress | null {
  const { address, findings } = parseServiceUrl(url)
  for (const finding of findings) context.at(['url'], finding)
  if (address === null) return null
  for (const key of OVERWRITTEN) {
    if (context.isSecret(['url'])) context.source.markSecret(`${context.pointer}/${key}`)
    if (context.writes(key) && fields[key] !== address[key]) {
      context.at([key], { severity: 'warning', rule: 'ignored-part', cause: `'${key}' has no effect: 'url' sets it too, and wins`, mend: `Remove \`${key}\`, or write all four fields instead of the url.` }, 'key')
    }
  }
  return address
}

function fromFields (fields: Fields, context: EntityContext): ServiceAddress | null {
  const { protocol, host, port, path } = fields as Partial<Service>
  if (host === undefined) {
    // it was reported that its reference can't be resolved
    if (context.isBroken(['url']) || context.isBroken(['host'])) return null
    context.at(context.has('host') ? ['host'] : [], { ...missing('host'), mend: 'Add `host`, or `url`.' })
    return null
  }
  if (typeof path === 'string' && path !== '') checkServicePath(path, ['path'], context)
  if (typeof host !== 'string' || host === '') return null
  const problem = hostProblem(host, { port: false, wildcard: false })
  if (problem !== undefined) context.at(['host'], { rule: 'bad-host', ...problem })
  return { protocol: protocol ?? 'http', host, port: port ?? 80, path: path ?? null }
}
