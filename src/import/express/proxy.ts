import { listOf, slug, type Draft, type Item, type Place } from '../draft.ts'
import { Services, targetOf } from '../services.ts'
import { isItem, texts, type Structured } from '../structured.ts'
import { add, closeFor, type PolicyContext, type Step } from './step.ts'
import { hasVariables, withReferences } from './values.ts'

/** Services of the policies `proxy`: the same endpoint with the same options is one service. */
export class Proxies {
  readonly #source: Structured
  readonly #draft: Draft
  readonly #services: Services

  constructor (source: Structured, draft: Draft, places: WeakMap<object, Place>) {
    this.#source = source
    this.#draft = draft
    this.#services = new Services(draft, places)
  }

  /** @returns null when the route was closed */
  service (context: PolicyContext, step: Step, heads: ReadonlyMap<string, string>): Item | null {
    const { route, what } = context
    const { action } = step
    const name = String(action['serviceEndpoint'])
    const endpoints = this.#source.value['serviceEndpoints']
    const endpoint = isItem(endpoints) ? endpoints[name] : undefined
    const options = { ...(isItem(endpoint) && isItem(endpoint['proxyOptions']) ? endpoint['proxyOptions'] : {}), ...action, ...(isItem(action['proxyOptions']) ? action['proxyOptions'] : {}) }
    if (!isItem(endpoint)) {
      closeFor(context, step, `serviceEndpoints.${name} isn't there.`)
      return null
    }
    const odd = ['ignorePath', 'toProxy', 'followRedirects', 'proxyUrl', 'target', 'auth'].find(key => options[key] !== undefined && options[key] !== false)
    if (odd !== undefined || options['prependPath'] === false) {
      closeFor(context, step, `\`${odd ?? 'prependPath'}\` can't be said.`)
      return null
    }
    for (const key of ['autoRewrite', 'hostRewrite', 'protocolRewrite', 'cookieDomainRewrite', 'cookiePathRewrite']) {
      if (options[key] !== undefined && options[key] !== false) this.#draft.tell('left_out', `${what}: proxy.${key}`, 'Location and cookies are passed on as the service writes them.', step.place, route)
    }
    const strip = options['stripPath'] === true
    route['strip_path'] = strip
    // everything up to the first wildcard is taken off, where here all that matched is: what is behind it only looks ahead
    if (strip) {
      route['paths'] = texts(route['paths']).map(path => {
        const head = heads.get(path)
        return head === undefined ? path : `~${head}(?=${path.slice(1 + head.length)})`
      })
    }
    if (options['changeOrigin'] === false) route['preserve_host'] = true
    const headers = isItem(options['headers']) ? options['headers'] : {}
    if (Object.keys(headers).length > 0) {
      add(route, 'request-transformer', { remove: { headers: Object.keys(headers) }, add: { headers: Object.entries(headers).map(([key, value]) => `${key}:${withReferences(String(value), this.#draft)}`) } })
    }
    return this.#make(name, endpoint, options, context, step)
  }

  #make (name: string, endpoint: Item, options: Item, context: PolicyContext, step: Step): Item | null {
    const place = this.#source.at('serviceEndpoints', name)
    const urls = texts(endpoint['url'] ?? endpoint['urls'])
    const [url] = urls
    if (url === undefined) {
      closeFor(context, step, `serviceEndpoints.${name} has no address.`)
      return null
    }
    const timeout = Number(options['proxyTimeout'] ?? options['timeout'])
    const service: Item = {
      url: withReferences(url, this.#draft),
      ...(Number.isInteger(timeout) && timeout > 0 ? { read_timeout: timeout } : {}),
      ...(options['secure'] === false && url.startsWith('https:') ? { tls_verify: false } : {})
    }
    if (urls.length > 1) {
      const balanced = this.#balance(name, urls)
      if (balanced === null) {
        closeFor(context, step, `the addresses of serviceEndpoints.${name} differ in more than host and port.`)
        return null
      }
      service['url'] = balanced
    }
    return this.#services.take(JSON.stringify([name, service]), place, names => {
      const made: Item = { name: names.take(name), ...service, routes: [] }
      if (service['tls_verify'] === false) this.#draft.comment(made, 'The source doesn\'t verify its certificate either: remove `tls_verify: false`.')
      return made
    })
  }

  /** @returns the address of an upstream with these targets */
  #balance (name: string, urls: readonly string[]): string | null {
    if (urls.some(url => hasVariables(url) || !URL.canParse(url))) return null
    const parsed = urls.map(url => new URL(url))
    const [first] = parsed
    if (first === undefined || parsed.some(({ protocol, pathname }) => protocol !== first.protocol || pathname !== first.pathname)) return null
    const upstream = `${slug(name)}-targets`
    if (!listOf(this.#draft.file, 'upstreams').some(item => item['name'] === upstream)) {
      this.#draft.list('upstreams').push({ name: upstream, targets: parsed.map(url => ({ target: targetOf(url) })) })
    }
    return `${first.protocol}//${upstream}${first.pathname === '/' ? '' : first.pathname}`
  }
}
