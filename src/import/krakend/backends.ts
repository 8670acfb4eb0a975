import { listOf, slug, type Draft, type Item, type Place } from '../draft.ts'
import { Services, targetOf } from '../services.ts'
import { items, texts, type Structured } from '../structured.ts'
import { applyExtras } from './extras.ts'
import { addEntry, closeOwner, type Owner } from './owner.ts'

/** Of a backend: they change the answer, or hide parts of it. */
const SHAPES = ['allow', 'deny', 'mapping', 'group', 'target', 'is_collection', 'whitelist', 'blacklist', 'flatmap_filter', 'sd'] as const

interface Call {
  readonly endpoint: Item
  readonly index: number
  readonly path: string
  readonly method: string
  /** Seconds for the whole request. */
  readonly timeout: number | null
}

/** Services of the backends: the same hosts with the same timeout are one. */
export class Backends {
  readonly #source: Structured
  readonly #draft: Draft
  readonly #services: Services

  constructor (source: Structured, draft: Draft, places: WeakMap<object, Place>) {
    this.#source = source
    this.#draft = draft
    this.#services = new Services(draft, places)
  }

  /** @returns null when the route was closed */
  service (owner: Owner, { endpoint, index, path, method, timeout }: Call): Item | null {
    const { at, value } = this.#source
    const [backend, ...more] = items(endpoint['backend'])
    const place = at('endpoints', index, 'backend')
    if (backend === undefined || more.length > 0) return close(owner, 'backend', backend === undefined ? 'it has no backend.' : `answers of ${more.length + 1} backends are not put together here: a service of your own has to do that.`, place)
    const shape = SHAPES.find(key => isSet(backend[key]) && !(key === 'sd' && backend[key] === 'static'))
    if (shape !== undefined) return close(owner, `backend.${shape}`, 'answers are passed on as the service gives them, and this may hide a part.', place)
    const encoding = endpoint['output_encoding'] ?? value['output_encoding']
    if (encoding !== undefined && !['no-op', 'json'].includes(String(encoding))) this.#draft.tell('changed', `${owner.what}.output_encoding`, 'answers are passed on as the service encodes them.', place, owner.item)
    applyExtras({ ...owner, what: `${owner.what}.backend`, at: component => at('endpoints', index, 'backend', 0, 'extra_config', component) }, backend['extra_config'])
    const wanted = String(backend['method'] ?? method).toUpperCase()
    if (!this.#path(owner, String(backend['url_pattern'] ?? path), path, wanted === method ? null : wanted, place)) return null
    const hosts = texts(backend['host'] ?? value['host'])
    const origins = hosts.map(host => URL.canParse(host) ? new URL(host) : URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : null)
    const [first] = origins
    if (first === undefined || first === null || origins.some(origin => origin === null || origin.protocol !== first.protocol || origin.pathname !== '/')) return close(owner, 'backend.host', 'the addresses can\'t be said: they have a path, or differ in more than host and port.', place)
    return this.#make(origins as URL[], timeout, place)
  }

  /** The path for the service, with what the endpoint's path has captured. */
  #path (owner: Owner, pattern: string, path: string, method: string | null, place: Place): boolean {
    const [target = '', query] = pattern.split('?')
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const unknown = [...pattern.matchAll(/\{([^{}]*)\}/g)].some(([, name]) => !names.includes(name))
    if (unknown) {
      close(owner, 'backend.url_pattern', 'it names what the path of the endpoint doesn\'t have.', place)
      return false
    }
    const template = (text: string): string => text.replace(/\{(\w+)\}/g, (_, name: string) => `$(uri_captures.${name})`)
    const args = (query ?? '').split('&').filter(text => text !== '').map(text => template(text.replace('=', ':')))
    if (target !== path && path.endsWith('/*')) {
      close(owner, 'backend.url_pattern', 'a path with a wildcard that changes on the way can\'t be said.', place)
      return false
    }
    const config: Item = {
      ...(method === null ? {} : { http_method: method }),
      ...(target === path ? {} : { replace: { uri: template(target.startsWith('/') ? target : `/${target}`) } }),
      ...(args.length === 0 ? {} : { remove: { querystring: args.map(text => text.split(':')[0]) }, add: { querystring: args } })
    }
    if (Object.keys(config).length > 0) addEntry(owner, 'request-transformer', config)
    return true
  }

  #make (origins: readonly URL[], timeout: number | null, place: Place): Item {
    const [first] = origins as [URL]
    return this.#services.take(JSON.stringify([origins.map(String), timeout]), place, names => ({
      name: names.take(first.hostname, 'service'),
      url: origins.length > 1 ? this.#balance(origins) : first.origin,
      ...(timeout === null || timeout <= 0 ? {} : { total_timeout: Math.round(timeout * 1000) }),
      routes: []
    }))
  }

  /** @returns the address of an upstream with these targets */
  #balance (origins: readonly URL[]): string {
    const [first] = origins as [URL]
    const upstream = `${slug(first.hostname)}-targets`
    const name = listOf(this.#draft.file, 'upstreams').some(item => item['name'] === upstream) ? `${upstream}-${this.#services.count}` : upstream
    this.#draft.list('upstreams').push({ name, targets: origins.map(origin => ({ target: targetOf(origin) })) })
    return `${first.protocol}//${name}`
  }
}

function close (owner: Owner, component: string, message: string, place: Place): null {
  closeOwner(owner, component, message, place)
  return null
}

function isSet (value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0) && !(typeof value === 'object' && Object.keys(value).length === 0)
}
