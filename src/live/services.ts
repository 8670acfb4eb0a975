import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Config, Service, Upstream } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import { targetAddress } from '../config/target-address.ts'
import { clientOptions, upstreamTls } from '../tls/upstream-tls.ts'
import { hostFor } from '../upstream/balanced-destination.ts'
import { HIDDEN, tryEndpoint, type LiveEndpoint } from './endpoint.ts'
import type { Probe } from './probe.ts'

/** Services and targets, as the gateway reaches them. */
export function * serviceProbes (config: Config, source: Source): Generator<Probe> {
  const upstreams = new Map(config.upstreams.map(upstream => [upstream.name, upstream]))
  for (const service of config.services) {
    if (!service.enabled) continue
    const upstream = upstreams.get(service.host)
    if (upstream !== undefined) {
      yield * targetProbes(config, source, service, upstream)
      continue
    }
    const pointer = source.has(`${service.pointer}/url`) ? `${service.pointer}/url` : `${service.pointer}/host`
    const host = bare(service.host)
    const hidden = source.isSecret(pointer) || source.isSecret(`${service.pointer}/host`)
    yield endpointProbe(pointer, {
      host,
      port: service.port,
      shown: hidden ? HIDDEN : `${service.host}:${service.port}`,
      tls: service.protocol === 'https' ? secure(config, service, null, host) : null,
      client: shows(service, null)
    })
  }
}

function * targetProbes (config: Config, source: Source, service: Service, upstream: Upstream): Generator<Probe> {
  for (const { upstream: id, target, weight, failover, pointer } of config.targets) {
    const address = targetAddress(target)
    if (id !== upstream.id || address === undefined || (weight === 0 && !failover)) continue
    const host = bare(address.host)
    const at = `${pointer}/target`
    // names of SRV records are known when they are asked for; the name of the target stands for them here
    const authority = hostFor({ name: address.host, srvName: null, port: address.port }, upstream, service.protocol)
    yield endpointProbe(at, {
      host,
      port: address.port,
      shown: source.isSecret(at) ? HIDDEN : `${address.host}:${address.port}`,
      tls: service.protocol === 'https' ? secure(config, service, upstream, bare(authority.replace(/:\d+$/, ''))) : null,
      target: true,
      client: shows(service, upstream)
    })
  }
}

function secure (config: Config, service: Service, upstream: Upstream | null, name: string): ConnectionOptions & { readonly id: string } {
  const tls = upstreamTls(config, service, upstream)
  return { ...clientOptions(tls), servername: isIP(name) === 0 ? name : '', ...service.http2 ? { ALPNProtocols: ['h2'] } : {}, id: tls.id }
}

function shows (service: Service, upstream: Upstream | null): boolean {
  return service.protocol === 'https' && (service.client_certificate ?? upstream?.client_certificate ?? null) !== null
}

/** @param endpoint whose TLS options may have an `id`, which says what is special about them */
export function endpointProbe (pointer: string, endpoint: LiveEndpoint): Probe {
  const { host, port, tls, target = false } = endpoint
  const { servername, rejectUnauthorized, ALPNProtocols, id } = (tls ?? {}) as ConnectionOptions & { readonly id?: string }
  return {
    key: JSON.stringify(['endpoint', host, port, tls === null ? null : [servername, rejectUnauthorized, ALPNProtocols, id], target]),
    pointer,
    run: async context => await tryEndpoint(endpoint, context)
  }
}

export function bare (host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
