/** What would go to the service if no plugin changed it. */
import { targetAddress } from '../config/target-address.ts'
import type { Config, Service, Upstream as Balanced } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import { finishRequestHead } from '../proxy/request/request-head.ts'
import { CONNECTION, CONTENT_LENGTH, DROP, EXPECT, FORWARDED, HOST, isIdentityField, TE, TRANSFER_ENCODING, UNDERSCORE, UPGRADE } from '../proxy/fields/request-fields.ts'
import { hostFor } from '../upstream/balanced-destination.ts'
import type { Offline } from './offline.ts'
import { CUT, type Words } from './places.ts'
import type { ExplainedUpstream } from './types.ts'

/** @param received fields of the client: name, value, … */
export function explainUpstream (context: Context, offline: Offline, received: readonly string[], words: Words): ExplainedUpstream | null {
  const { upstream, service } = context
  if (upstream === null || service === null) return null
  const balanced = offline.config.upstreams.find(({ name }) => name === service.host) ?? null
  const own = upstream.headers.raw.length
  const fields = finishRequestHead(context, upstream, offline.tokens, context.trusted)
  const headers: Array<ExplainedUpstream['headers'][number]> = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    headers.push({ name: name === 'host' ? 'Host' : name, value: words.header(name, fields[index + 1] as string), by: index < own ? 'client' : 'gateway' })
  }
  const preserved = context.runtime?.preservesHost === true && context.hostHeader !== ''
  const host = headers.find(({ name }) => name === 'Host')
  if (host !== undefined) Object.assign(host, hostField(service, balanced, preserved, host.value, offline.config, words))
  return {
    service: words.named(service),
    method: upstream.method,
    url: urlOf(service, upstream.path, upstream.query, words),
    balanced: balanced === null ? null : balancedOf(balanced, offline.config, words),
    headers,
    dropped: droppedOf(received, headers.map(({ name }) => name.toLowerCase()), offline)
  }
}

function urlOf (service: Service, path: string, query: string | null, words: Words): string {
  const { protocol, host, port, pointer } = service
  const address = words.value(`${pointer}/host`, port === (protocol === 'https' ? 443 : 80) ? host : `${host}:${port}`)
  // a prefix that is a secret can't be told from what follows it
  const own = service.path === null ? path : words.value(`${pointer}/path`, path) === CUT ? `/${CUT}` : path
  return `${protocol}://${address}${words.url(query === null ? own : `${own}?${query}`)}`
}

/** What of the Host field is the file's: it may be a secret, and depend on the target. */
function hostField (service: Service, balanced: Balanced | null, preserved: boolean, sent: string, config: Config, words: Words): { value: string, by: 'client' | 'gateway' } {
  if (preserved) return { value: sent, by: 'client' }
  if (balanced === null) return { value: words.value(`${service.pointer}/host`, sent), by: 'gateway' }
  const names = new Set(targetsOf(balanced, config).map(({ target, pointer }) => {
    const { host, port } = targetAddress(target) ?? { host: target, port: service.port }
    return words.value(`${pointer}/target`, hostFor({ name: host, srvName: null, port }, balanced, service.protocol))
  }))
  const [only] = names
  return { value: names.size === 1 && only !== undefined ? only : '(that of the target)', by: 'gateway' }
}

function balancedOf (upstream: Balanced, config: Config, words: Words): NonNullable<ExplainedUpstream['balanced']> {
  return {
    upstream: words.named(upstream),
    algorithm: upstream.algorithm,
    targets: targetsOf(upstream, config).map(({ target, weight, failover, pointer }) => ({ ...words.place(pointer), target: words.value(`${pointer}/target`, target), weight, failover }))
  }
}

function targetsOf ({ id }: Balanced, { targets }: Config): Config['targets'] {
  return targets.filter(({ upstream }) => upstream === id)
}

function droppedOf (received: readonly string[], sent: readonly string[], { fieldRules }: Offline): Array<ExplainedUpstream['dropped'][number]> {
  const dropped = new Map<string, { name: string, reason: string }>()
  for (let index = 0; index < received.length; index += 2) {
    const name = received[index] as string
    const lower = name.toLowerCase()
    if (sent.includes(lower) || dropped.has(lower)) continue
    const kind = fieldRules.kindOf(name)
    // the length goes up with the body
    if (kind === HOST || kind === CONTENT_LENGTH) continue
    dropped.set(lower, { name, reason: reasonOf(kind, name, fieldRules.isVouched(lower.replaceAll('_', '-'))) })
  }
  return [...dropped.values()]
}

function reasonOf (kind: number, name: string, vouched: boolean): string {
  if (vouched || isIdentityField(name.toLowerCase())) return 'only the gateway says this about a caller'
  switch (kind) {
    case CONNECTION: case TE: case TRANSFER_ENCODING: case UPGRADE: return 'of the connection, not of the request'
    case EXPECT: return 'answered by the gateway'
    case UNDERSCORE: return 'a _ in its name, and gateway.request_headers.underscores is drop'
    case FORWARDED: return 'only from peers in gateway.trusted_ips'
    case DROP: return 'never passed on'
    default: return 'written anew by the gateway, or named by Connection'
  }
}
