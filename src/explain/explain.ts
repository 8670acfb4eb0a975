/** Says what the gateway would do with a request, and why, without running: no socket, no plugin, no clock. */
import type { ServerResponse } from 'node:http'
import { didYouMean } from '../config/nearest.ts'
import type { Config, Consumer } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import type { Context } from '../gateway/context.ts'
import { admit } from '../gateway/intake/intake.ts'
import { routingRequest } from '../gateway/intake/read-path.ts'
import type { Redactor } from '../observability/redaction.ts'
import type { PluginRegistry } from '../plugins.ts'
import { splitTarget } from '../router/normalize.ts'
import { candidates, type Candidate } from '../router/order.ts'
import { explainChain } from './chain.ts'
import { CriteriaProbe, PathGroups } from './criteria.ts'
import { makeMessage, type Message } from './message.ts'
import { acceptingCandidate, nearRoutes } from './near.ts'
import { createOffline, type Offline } from './offline.ts'
import { pathFeatures } from './path.ts'
import { createWords, type Words } from './places.ts'
import { ExplainError, type Explanation, type ExplainedPath, type ExplainedRoute, type ExplainRequest, type Outcome } from './types.ts'
import { explainUpstream } from './upstream.ts'

/** A checked configuration: what `loadConfig` gives. */
export interface ExplainParts {
  readonly config: Config
  readonly registry: PluginRegistry
  /** The text of the file, for lines and names; without it, places are pointers alone. */
  readonly source?: Source
  /** Of the configuration, where there is one already. */
  readonly redactor?: Redactor
}

/** Explains one request. To explain several by one configuration, keep what {@link createExplainer} makes. */
export function explain (parts: ExplainParts, request: ExplainRequest): Explanation {
  return createExplainer(parts)(request)
}

/**
 * Compiles a configuration once, for any number of requests.
 *
 * @returns a pure function; it throws {@link ExplainError} for a request that no client could send, or an unknown consumer
 */
export function createExplainer ({ config, registry, source, redactor }: ExplainParts): (request: ExplainRequest) => Explanation {
  const offline = createOffline(config, registry)
  const words = createWords(config, registry, source ?? null, redactor)
  const groups = new PathGroups(config.routes)
  let order: readonly Candidate[] | null = null

  return function explainRequest (request) {
    const message = makeMessage(request, config)
    const consumer = request.consumer === undefined ? null : findConsumer(request.consumer, config)
    const received = [...message.raw.rawHeaders]
    // nothing is written to the response
    const context = admit(offline, message.raw, null as unknown as ServerResponse)
    const outcome = message.refused ?? outcomeOf(context, words)
    const bare = { version: 1, request: requestOf(context, message, consumer, words), outcome } as const
    if (message.refused !== null) return { ...bare, path: null, route: null, near: [], near_more: 0, chain: [], left_out: [], upstream: null, notes: message.notes }

    const probe = new CriteriaProbe(routingRequest(context, context.path), groups)
    const winner = context.route === null ? null : acceptingCandidate(probe, context.route, config.routes)
    const { near, more } = context.path !== '' && outcome.kind !== 'refused'
      ? nearRoutes(probe, config.routes, winner, context.path, request.near ?? 5, words)
      : { near: [], more: 0 }
    const { chain, leftOut, anonymous } = explainChain(offline, registry, context.route, consumer, words)
    order ??= candidates(config.routes)
    return {
      ...bare,
      path: pathOf(context, message, offline, words),
      route: routeOf(context, winner, order, probe, words),
      near,
      near_more: more,
      chain,
      left_out: leftOut,
      upstream: outcome.kind === 'refused' ? null : explainUpstream(context, offline, received, words),
      notes: [...message.notes, ...notesOf(context, received, consumer !== null && anonymous && context.route !== null)]
    }
  }
}

function findConsumer (name: string, { consumers }: Config): Consumer {
  const found = consumers.find(({ id, username, custom_id: custom }) => [id, username, custom].includes(name))
  if (found !== undefined) return found
  const hint = didYouMean(name, consumers.flatMap(({ username, custom_id: custom }) => [username, custom].filter(one => one !== null)))
  throw new ExplainError(`The file has no consumer '${name}'${hint === undefined ? '.' : `: ${hint}`}`)
}

function requestOf (context: Context, { listener, index, scheme: asked }: Message, consumer: Consumer | null, words: Words): Explanation['request'] {
  const { method, target, hostHeader, connection, trusted, clientIp, scheme } = context
  return {
    method,
    url: words.url(`${asked}://${hostHeader}${target}`),
    target: words.url(target),
    host: hostHeader,
    listener: { host: listener.host, port: listener.port, tls: listener.tls, ...words.place(`/gateway/listen/${index}`) },
    peer: connection.address,
    trusted,
    client_ip: clientIp,
    scheme,
    sni: connection.sni,
    consumer: consumer === null ? null : consumer.username ?? consumer.custom_id ?? consumer.id
  }
}

function pathOf (context: Context, { listener }: Message, offline: Offline, words: Words): ExplainedPath | null {
  const target = splitTarget(context.target)
  if (target === null || (context.failure !== null && context.path === '' && context.failure.code !== 'SP_PATH')) return null
  const reading = context.path === '' ? null : { path: context.path, match: context.route === null ? null : { route: context.route, captures: context.captures, prefix: context.prefix } }
  return {
    received: words.url(target.bytes),
    normal: reading === null ? null : words.url(reading.path),
    query: target.query === null ? null : words.url(`?${target.query}`).slice(1),
    features: pathFeatures({ offline, listener, bytes: target.bytes, reading, match: path => offline.router.match(routingRequest(context, path)) })
  }
}

function outcomeOf ({ failure, runtime }: Context, words: Words): Outcome {
  if (failure === null) return { kind: runtime?.service == null ? 'no-service' : 'upstream', status: null, code: null, message: null, location: null }
  const location = failure.headers?.['location']
  return {
    kind: failure.code === 'SP_NO_ROUTE' ? 'not-found' : failure.code === 'SP_HTTPS' ? 'https-required' : 'refused',
    status: failure.statusCode,
    code: failure.code,
    message: failure.message === '' ? null : failure.message,
    location: typeof location === 'string' ? words.url(location) : null
  }
}

function routeOf (context: Context, winner: Candidate | null, order: readonly Candidate[], probe: CriteriaProbe, words: Words): ExplainedRoute | null {
  const { route, service, prefix, captures } = context
  if (route === null || winner === null) return null
  const matched = winner.paths.find(path => probe.accepts(route, { paths: [path] }))
  return {
    ...words.named(route),
    position: order.findIndex(candidate => candidate.route === route && candidate.kind === winner.kind && candidate.priority.length === winner.priority.length) + 1,
    service: service === null ? null : words.named(service),
    matched_path: matched === undefined ? null : words.value(`${route.pointer}/paths/${route.paths?.indexOf(matched) ?? 0}`, matched),
    prefix: words.text(prefix),
    captures: Object.fromEntries(Object.entries(captures).map(([name, text]) => [name, words.text(text)]))
  }
}

function notesOf (context: Context, received: readonly string[], unknown: boolean): string[] {
  const notes: string[] = []
  const forwarded = received.some((name, index) => index % 2 === 0 && /^(?:x-forwarded-|x-real-ip$)/i.test(name))
  if (forwarded && !context.trusted) notes.push(`X-Forwarded-* and X-Real-IP are not believed: ${context.connection.address} is not in gateway.trusted_ips.`)
  if (unknown) notes.push('No plugin of this chain authenticates: the consumer of --consumer is never found here.')
  if (context.route !== null && context.service === null) notes.push('The route has no service: unless a plugin answers, the answer is 503.')
  return notes
}
