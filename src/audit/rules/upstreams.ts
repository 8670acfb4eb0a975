import type { Retry, Service } from '../../config/model.ts'
import { targetAddress } from '../../config/target-address.ts'
import { isLoopback, option, type AuditContext } from '../context.ts'
import type { AuditRule } from '../rule.ts'

const METADATA = /^(?:169\.254\.\d+\.\d+|\[?fd00:ec2::254\]?|metadata(?:\.google\.internal)?|100\.100\.100\.200)$/i

/** What stands behind, and how long and how often it is asked. */
export const upstreamRules: readonly AuditRule[] = [
  {
    id: 'metadata-upstream',
    severity: 'critical',
    title: 'a route to the machine\'s own credentials',
    why: 'The metadata service of a cloud gives whoever asks the keys of the machine.',
    mend: 'Remove the service or target.',
    * find (context) {
      for (const { host, pointer } of addresses(context)) if (METADATA.test(host)) yield { pointer, cause: 'this is where a cloud tells machines their credentials' }
    }
  },
  {
    id: 'admin-upstream',
    severity: 'critical',
    title: 'a route to the gateway\'s own admin listener',
    why: 'It answers whoever comes from this machine, and the gateway does.',
    mend: 'Remove the service; ask the admin listener directly.',
    * find (context) {
      const { admin } = context.config.gateway
      if (admin === null || admin.port === 0) return
      for (const { host, port, pointer } of addresses(context)) if (port === admin.port && (isLoopback(host) || host === admin.host)) yield { pointer, cause: 'this is the admin listener of the gateway' }
    }
  },
  {
    id: 'long-timeout',
    severity: 'medium',
    title: 'services that may take very long',
    why: 'When one hangs, requests pile up in front of it until nothing else gets through.',
    mend: 'Write what honest requests need: `connect_timeout: 2000`, `read_timeout: 30000`; event streams need more.',
    * find (context) {
      for (const service of context.services) {
        for (const [name, most] of [['connect_timeout', 60_000], ['read_timeout', 300_000], ['write_timeout', 300_000]] as const) {
          if (service[name] > most) yield { pointer: `${service.pointer}/${name}`, cause: `${context.name('service', service)} may take ${service[name] / 1000} seconds` }
        }
      }
      for (const { entry } of context.uses('upstream-timeout')) {
        for (const [name, most] of [['connect_timeout', 60_000], ['read_timeout', 300_000], ['send_timeout', 300_000]] as const) {
          const value = entry.config[name]
          if (typeof value === 'number' && value > most) yield { pointer: option(entry, name), cause: `the service may take ${value / 1000} seconds` }
        }
      }
    }
  },
  {
    id: 'no-total-timeout',
    severity: 'low',
    title: 'requests without an end',
    why: 'A service that sends a byte a minute holds a request, its memory and its connection for ever.',
    mend: 'Add `total_timeout` to the service, but where it streams events.',
    * find (context) {
      for (const service of context.services) {
        const routes = context.routesOf(service).filter(route => context.entryOn(route, 'upstream-timeout')?.config['total_timeout'] === undefined)
        if (service.total_timeout === null && routes.length > 0) yield { pointer: service.pointer, subject: context.name('service', service), cause: who => `nothing ends a request to ${who} that goes on and on` }
      }
    }
  },
  {
    id: 'unsafe-retry',
    severity: 'high',
    title: 'writes that may be done twice',
    why: 'A service that did the work and answered too late is asked again: an order is placed twice.',
    mend: 'Remove POST and PATCH from `methods`, or retry them on `connect` alone.',
    * find (context) {
      for (const { methods, retry_on: reasons, pointer } of retries(context)) {
        const unsafe = methods.filter(method => method === 'POST' || method === 'PATCH')
        if (unsafe.length > 0 && reasons.some(reason => reason !== 'connect')) yield { pointer: `${pointer}/methods`, cause: `${unsafe.join(' and ')} are sent again after the service had the request` }
      }
    }
  },
  {
    id: 'retry-storm',
    severity: 'medium',
    title: 'retries that multiply a failure',
    why: 'A service that is down gets many times its load just when it comes back.',
    mend: 'Write `retries: 2`, and leave `budget_percent` at its default.',
    * find (context) {
      for (const service of context.services) {
        if (service.retries > 10) yield { pointer: `${service.pointer}/retries`, cause: `a request is sent up to ${service.retries + 1} times` }
        if (service.retry !== null && service.retry.budget_percent > 50) yield { pointer: `${service.pointer}/retry/budget_percent`, cause: `retries may add ${service.retry.budget_percent} % to the load` }
      }
      for (const { entry } of context.uses('retry')) {
        const { retries } = entry.config as { retries?: number }
        if (retries !== undefined && retries > 10) yield { pointer: option(entry, 'retries'), cause: `a request is sent up to ${retries + 1} times` }
      }
    }
  },
  {
    id: 'no-circuit-breaker',
    severity: 'info',
    title: 'services that are asked while they are down',
    why: 'Each caller waits for the whole time-out, and the service gets no rest.',
    mend: 'Add `circuit_breaker: {}` to the service.',
    * find (context) {
      for (const service of context.services) {
        const bare = context.routesOf(service).some(route => context.entryOn(route, 'circuit-breaker') === null)
        if (service.circuit_breaker === null && bare) yield { pointer: service.pointer, subject: context.name('service', service), cause: who => `nothing stops requests to ${who} while it fails` }
      }
    }
  },
  {
    id: 'cache-shares-cookies',
    severity: 'high',
    title: 'a cache that takes no notice of cookies',
    why: 'What one visitor gets is stored for the next.',
    mend: 'Leave `cookie` in `private_headers`.',
    * find (context) {
      for (const { entry } of context.uses('proxy-cache', 'graphql-proxy-cache', 'graphql-proxy-cache-advanced')) {
        const headers = (entry.config['private_headers'] as readonly string[]).map(name => name.toLowerCase())
        if (!headers.includes('cookie')) yield { pointer: option(entry, 'private_headers'), cause: 'answers to requests with cookies are stored for everybody' }
      }
    }
  },
  {
    id: 'cache-ignores-service',
    severity: 'medium',
    title: 'a cache that stores what a service calls private',
    why: 'The service knows which answers are for one caller alone, and isn\'t listened to.',
    mend: 'Remove `cache_control: false`, or write `vary_by_consumer: true`.',
    * find (context) {
      for (const { entry } of context.uses('proxy-cache', 'graphql-proxy-cache', 'graphql-proxy-cache-advanced')) {
        if (entry.config['cache_control'] === false && entry.config['vary_by_consumer'] === false) yield { pointer: option(entry, 'cache_control'), cause: 'answers with `Cache-Control: private` or `no-store` are stored' }
      }
    }
  },
  {
    id: 'cache-strips-cookies',
    severity: 'medium',
    title: 'a cache that stores answers which set cookies',
    why: 'Such an answer was made for one visitor; the cookie is taken off, the rest is shared.',
    mend: 'Remove `set_cookie: strip`.',
    * find (context) {
      for (const { entry } of context.uses('proxy-cache', 'graphql-proxy-cache', 'graphql-proxy-cache-advanced')) {
        if (entry.config['set_cookie'] === 'strip') yield { pointer: option(entry, 'set_cookie'), cause: 'answers that set cookies are stored for others' }
      }
    }
  },
  {
    id: 'mirrored-credentials',
    severity: 'high',
    title: 'copies of requests with their credentials',
    why: 'The copy goes to a service under test, which could call in the name of everybody.',
    mend: 'Leave `authorization` and `cookie` in `remove_headers`, and add those of your API keys.',
    * find (context) {
      for (const { entry } of context.uses('mirror')) {
        const removed = (entry.config['remove_headers'] as readonly string[]).map(name => name.toLowerCase())
        const left = ['authorization', 'cookie'].filter(name => !removed.includes(name))
        if (left.length > 0) yield { pointer: option(entry, 'remove_headers'), cause: `copies have ${left.join(' and ')} of the caller` }
      }
    }
  }
]

interface Address {
  readonly host: string
  readonly port: number
  readonly pointer: string
}

/** Where requests go: services, and targets of upstreams. */
function * addresses ({ config: { targets }, services, source }: AuditContext): Generator<Address> {
  for (const { host, port, pointer } of services) yield { host, port, pointer: source.has(`${pointer}/url`) ? `${pointer}/url` : `${pointer}/host` }
  for (const { target, pointer } of targets) {
    const address = targetAddress(target)
    if (address !== undefined && address !== null) yield { host: address.host, port: address.port, pointer: `${pointer}/target` }
  }
}

function * retries (context: AuditContext): Generator<Pick<Retry, 'methods' | 'retry_on'> & { pointer: string }> {
  for (const { retry, retries: times, pointer } of context.services as ReadonlyArray<Service>) if (retry !== null && times > 0) yield { ...retry, pointer: `${pointer}/retry` }
  for (const { entry } of context.uses('retry')) {
    const { methods, retry_on: reasons } = entry.config as unknown as Retry
    yield { methods, retry_on: reasons, pointer: `${entry.pointer}/config` }
  }
}
