import type { RawEntity } from '../collect.ts'
import type { Config, Consumer, ConsumerGroup, Entity, PluginEntry, Route, Service, Upstream, UpstreamTarget } from '../model.ts'
import { certificatesOf } from './certificates.ts'
import { credentialsOf } from './credentials.ts'
import type { Owners, Resolved } from './resolve.ts'
import type { TlsReferences } from './tls-references.ts'

type Fields = Readonly<Record<string, unknown>>

export type Entities = Omit<Config, 'file' | 'gateway'>

export interface BuildOptions {
  readonly resolved: Resolved
  /** Tags that every entity gets. */
  readonly tags: readonly string[]
  /** Options of plugin entries, checked. */
  readonly configs: ReadonlyMap<RawEntity, Fields>
  /** Credentials are hashes already. */
  readonly hashed: boolean
}

/** Turns entities without mistakes into the configuration's. Routes of a service that is off are left out, with their plugins. */
export function build (entities: readonly RawEntity[], { resolved: { owners, groups, tls }, tags, configs, hashed }: BuildOptions): Entities {
  const result = { services: [] as Service[], routes: [] as Route[], plugins: [] as PluginEntry[], consumers: [] as Consumer[], consumer_groups: [] as ConsumerGroup[], upstreams: [] as Upstream[], targets: [] as UpstreamTarget[] }
  const off = new Set<string>()
  for (const entity of entities) {
    if (entity.kind !== 'service') continue
    const service = serviceOf(entity, tls.get(entity) as TlsReferences, tags)
    result.services.push(service)
    if (!service.enabled) off.add(service.id)
  }
  for (const entity of entities) {
    const found = owners.get(entity) as Owners
    if (entity.kind === 'consumer') result.consumers.push(consumerOf(entity, groups.get(entity.id), tags))
    else if (entity.kind === 'consumer_group') result.consumer_groups.push({ ...entityOf(entity, tags), name: entity.fields['name'] as string })
    else if (entity.kind === 'upstream') result.upstreams.push(upstreamOf(entity, tls.get(entity) as TlsReferences, tags))
    else if (entity.kind === 'target') result.targets.push(targetOf(entity, found, tags))
    else if (entity.kind !== 'route') continue
    else if (found.service !== null && off.has(found.service)) off.add(entity.id)
    else result.routes.push(routeOf(entity, found, tags))
  }
  for (const entity of entities) {
    const found = owners.get(entity) as Owners
    if (entity.kind !== 'plugin' || (found.route !== null && off.has(found.route))) continue
    result.plugins.push(pluginOf(entity, found, tags, configs.get(entity) as Fields))
  }
  return { ...result, credentials: credentialsOf(entities, owners, entity => entityOf(entity, tags), hashed), ...certificatesOf(entities, owners, entity => entityOf(entity, tags)) }
}

const NONE: readonly string[] = []

function entityOf ({ id, fields, pointer }: RawEntity, tags: readonly string[]): Entity {
  const own = fields['tags'] as readonly string[] | undefined ?? NONE
  return { id, tags: own.length === 0 && tags.length === 0 ? [] : [...new Set([...own, ...tags])], pointer }
}

function serviceOf (entity: RawEntity, tls: TlsReferences, tags: readonly string[]): Service {
  const fields = entity.fields as unknown as Service
  const address = entity.address as NonNullable<RawEntity['address']>
  return {
    ...entityOf(entity, tags),
    name: fields.name ?? null,
    protocol: address.protocol,
    http2: fields.http2,
    host: bracketed(address.host),
    port: address.port,
    path: address.path,
    retries: fields.retries,
    connect_timeout: fields.connect_timeout,
    write_timeout: fields.write_timeout,
    read_timeout: fields.read_timeout,
    total_timeout: fields.total_timeout ?? null,
    retry: fields.retry ?? null,
    deadline: fields.deadline ?? null,
    tls_verify: fields.tls_verify ?? true,
    tls_verify_depth: fields.tls_verify_depth ?? null,
    ca_certificates: tls.authorities,
    client_certificate: tls.client,
    circuit_breaker: fields.circuit_breaker ?? null,
    enabled: fields.enabled,
    importance: fields.importance
  }
}

/** As a URL writes it: what follows can put a port behind it. */
function bracketed (host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

function routeOf (entity: RawEntity, owners: Owners, tags: readonly string[]): Route {
  const fields = entity.fields as unknown as Route
  const { id, tags: all, pointer } = entityOf(entity, tags)
  // written out: behind a spread, each of the fields is added on its own, which takes ten times as long
  return {
    id,
    tags: all,
    pointer,
    name: fields.name ?? null,
    service: owners.service,
    protocols: distinct(fields.protocols) ?? [],
    methods: distinct(fields.methods),
    hosts: distinct(fields.hosts),
    paths: distinct(fields.paths),
    headers: fields.headers === undefined || fields.headers === null || Object.keys(fields.headers).length === 0 ? null : fields.headers,
    snis: distinct(fields.snis),
    regex_priority: fields.regex_priority,
    strip_path: fields.strip_path,
    path_handling: fields.path_handling,
    preserve_host: fields.preserve_host,
    https_redirect_status_code: fields.https_redirect_status_code,
    request_buffering: fields.request_buffering,
    response_buffering: fields.response_buffering,
    importance: fields.importance ?? null,
    path_policy: fields.path_policy ?? null
  }
}

/** An empty list is "not set", as in Kong's own checks. */
function distinct<Item> (list: readonly Item[] | null | undefined): Item[] | null {
  return list === undefined || list === null || list.length === 0 ? null : list.length === 1 ? [...list] : [...new Set(list)]
}

function pluginOf (entity: RawEntity, owners: Owners, tags: readonly string[], config: Fields): PluginEntry {
  const fields = entity.fields as unknown as PluginEntry
  return {
    ...entityOf(entity, tags),
    name: fields.name,
    instance_name: fields.instance_name ?? null,
    service: owners.service,
    route: owners.route,
    consumer: owners.consumer,
    consumer_group: owners.consumer_group,
    config,
    protocols: distinct(fields.protocols) ?? [],
    enabled: fields.enabled
  }
}

function consumerOf (entity: RawEntity, groups: ReadonlySet<string> | undefined, tags: readonly string[]): Consumer {
  const fields = entity.fields as unknown as Consumer
  return { ...entityOf(entity, tags), username: fields.username ?? null, custom_id: fields.custom_id ?? null, groups: [...groups ?? []] }
}

function upstreamOf (entity: RawEntity, tls: TlsReferences, tags: readonly string[]): Upstream {
  const fields = entity.fields as unknown as Upstream
  return {
    ...entityOf(entity, tags),
    name: fields.name,
    algorithm: fields.algorithm,
    hash_on: fields.hash_on,
    hash_fallback: fields.hash_fallback,
    hash_on_header: fields.hash_on_header ?? null,
    hash_fallback_header: fields.hash_fallback_header ?? null,
    hash_on_cookie: fields.hash_on_cookie ?? null,
    hash_on_cookie_path: fields.hash_on_cookie_path,
    hash_on_query_arg: fields.hash_on_query_arg ?? null,
    hash_fallback_query_arg: fields.hash_fallback_query_arg ?? null,
    hash_on_uri_capture: fields.hash_on_uri_capture ?? null,
    hash_fallback_uri_capture: fields.hash_fallback_uri_capture ?? null,
    slots: fields.slots,
    sticky_sessions_cookie: fields.sticky_sessions_cookie ?? null,
    sticky_sessions_cookie_path: fields.sticky_sessions_cookie_path,
    slow_start: fields.slow_start,
    host_header: fields.host_header ?? null,
    client_certificate: tls.client,
    use_srv_name: fields.use_srv_name,
    healthchecks: fields.healthchecks
  }
}

function targetOf (entity: RawEntity, owners: Owners, tags: readonly string[]): UpstreamTarget {
  const fields = entity.fields as unknown as UpstreamTarget
  return { ...entityOf(entity, tags), upstream: owners.upstream as string, target: fields.target, weight: fields.weight, failover: fields.failover }
}
