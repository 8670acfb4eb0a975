/** nginx as a reverse proxy: servers, locations with the same winner, upstreams, and who may pass. */
import { dirname } from 'node:path'
import { Draft, listOf, Names, type Item, type Place } from './draft.ts'
import { ImportError } from './import-error.ts'
import type { Imported, ImportInput } from './importer.ts'
import { addReturn, proxyTarget } from './nginx/answer.ts'
import { addPlugin, closeRoute, type LocationContext, type Whole } from './nginx/context.ts'
import { addGuards, deniesAll } from './nginx/guards.ts'
import { addHeaders } from './nginx/headers.ts'
import { EXACT, readLocation, writeLocations, type Location, type Written } from './nginx/locations.ts'
import { byMethod, nameMethods } from './nginx/methods.ts'
import { parseNginx, type Directive } from './nginx/parse.ts'
import { chooseServers, type Server } from './nginx/servers.ts'
import { sayUnknown } from './nginx/unknown.ts'
import { importUpstream } from './nginx/upstreams.ts'
import { writeListeners } from './nginx/listeners.ts'
import { inherited, type Scope } from './nginx/words.ts'
import { Services } from './services.ts'

/** Other things that nginx can do for a location. */
const OTHERS = ['fastcgi_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass', 'memcached_pass', 'alias', 'try_files', 'root', 'empty_gif', 'stub_status', 'autoindex']

/** Directives that protect, as they are inherited together. */
const BOTH = [['allow', 'deny'], ['satisfy'], ['auth_basic'], ['auth_basic_user_file'], ['auth_request'], ['limit_req'], ['limit_conn']]

/** @throws {ImportError} for a text that nginx would not read, or one without servers */
export function importNginx ({ text, file, path }: ImportInput): Imported {
  const directives = parseNginx(text, path, file)
  const http = [...directives.filter(({ name }) => name !== 'http'), ...directives.filter(({ name }) => name === 'http').flatMap(({ block }) => block ?? [])]
  const found = http.filter(({ name, block }) => name === 'server' && block !== null)
  if (found.length === 0) throw new ImportError(`${file}: there is no \`server\` block.`)
  const draft = new Draft()
  const places = new WeakMap<object, Place>()
  for (const directive of http.filter(({ name, block }) => name === 'upstream' && block !== null)) places.set(importUpstream(draft, directive), directive.place)
  for (const { name, place } of directives.filter(({ name }) => name === 'stream' || name === 'mail')) draft.tell('left_out', name, 'only http is served here.', place, draft.file)
  const { servers, listeners } = chooseServers(found, draft)
  writeListeners(draft, listeners, http, servers, dirname(path))
  const writer = new Writer(draft, places, http, dirname(path))
  for (const server of servers) writer.server(server)
  writer.end()
  return { draft, placeOf: item => places.get(item) ?? { file, line: null }, head: [] }
}

class Writer {
  readonly #draft: Draft
  readonly #places: WeakMap<object, Place>
  readonly #http: readonly Directive[]
  readonly #whole: Omit<Whole, 'locations'>
  readonly #names = new Names()
  readonly #services: Services
  /** The first that says which methods a location takes. */
  #limit: Directive | undefined

  constructor (draft: Draft, places: WeakMap<object, Place>, http: readonly Directive[], directory: string) {
    this.#draft = draft
    this.#places = places
    this.#services = new Services(draft, places)
    this.#http = http
    const files = new Set<string>()
    collect(http, ({ name, args }) => { if (name === 'auth_basic_user_file') files.add(args[0] ?? '') })
    this.#whole = {
      http,
      upstreams: new Set(http.filter(({ name }) => name === 'upstream').map(({ args }) => args[0] ?? '')),
      users: new Map(),
      passwordFiles: [...files],
      sizes: new Map(),
      directory
    }
  }

  server (server: Server): void {
    const answer = server.block.find(({ name }) => name === 'return')
    const directives = server.block.filter(({ name, block }) => name === 'location' && block !== null)
    const nested = directives.flatMap(directive => flatten(directive, []))
    const scopes = new Map(nested.map(({ location, around }) => [location, around]))
    const locations = answer === undefined ? nested.map(({ location }) => location) : []
    const written = writeLocations(locations)
    // what can't be said would be taken by others: nothing that comes after it may answer
    const unsaid = written.find(({ paths }) => paths === null)
    const context = { server, locations: directives, unsaid }
    for (const one of written) {
      if (one.paths === null) continue
      const around = [...(scopes.get(one.location) ?? []), server.block, this.#http]
      const behind = unsaid !== undefined && written.indexOf(one) > written.indexOf(unsaid)
      const block = one.location.directive.block ?? []
      for (const { own, methods } of byMethod(block)) {
        if (methods !== null) this.#limit ??= block.find(({ name }) => name === 'limit_except')
        this.#location(one, [own, ...around], { ...context, behind, methods })
      }
    }
    if (unsaid !== undefined) this.#draft.tell('left_out', nameOf(unsaid.location), `it can't be said as a route (${unsaid.why}): every location of this server that nginx would try after it is closed.`, unsaid.location.directive.place, this.#draft.file)
    if (written.some(({ paths }) => paths?.includes('/') === true || paths?.includes('~/') === true)) return
    if (server.hosts.length === 0 && answer === undefined && unsaid === undefined) return
    const rest: Directive = { name: 'location', args: ['/'], block: answer === undefined ? [{ name: 'return', args: ['404'], block: null, place: server.directive.place }] : [], place: server.directive.place }
    const location: Location = { modifier: '', pattern: '/', directive: rest }
    this.#location({ location, paths: ['/'], priority: 0, why: '', bare: null }, [rest.block ?? [], server.block, this.#http], { ...context, unsaid: undefined, behind: false, methods: null })
  }

  /** The limit that most routes share stands once, for all. */
  end (): void {
    this.#hosts()
    if (this.#limit !== undefined) nameMethods(this.#draft, this.#limit)
    const counts = new Map<string, number>()
    for (const size of this.#whole.sizes.values()) counts.set(size, (counts.get(size) ?? 0) + 1)
    const [usual] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? []
    if (usual === undefined) return
    for (const [route, size] of this.#whole.sizes) {
      if (size === usual) route['plugins'] = (route['plugins'] as Item[]).filter(({ name }) => name !== 'request-size-limiting')
    }
    this.#draft.list('plugins').push({ name: 'request-size-limiting', config: JSON.parse(usual) as Item })
  }

  /** Where no `proxy_set_header Host` says otherwise, nginx sends the name of the `upstream`, and not that of the server. */
  #hosts (): void {
    const services = this.#draft.list('services').filter(service => listOf(service, 'routes').some(route => route['preserve_host'] !== true)).map(({ url }) => new URL(String(url)))
    for (const upstream of this.#draft.list('upstreams')) {
      const own = services.filter(({ hostname }) => hostname === String(upstream['name']).toLowerCase())
      // https verifies the name, too: that of the server has the better chance to be in a certificate
      if (own.length > 0 && own.every(({ protocol }) => protocol === 'http:')) upstream['host_header'] = upstream['name']
      else if (own.length > 0) this.#draft.tell('changed', `upstream ${String(upstream['name'])}`, 'its servers get their own names as Host; nginx sends the name of the upstream.', this.#places.get(upstream) as Place, upstream)
    }
  }

  #location (written: Written, scope: Scope, { server, locations, unsaid, behind, methods }: { server: Server, locations: readonly Directive[], unsaid: Written | undefined, behind: boolean, methods: string[] | null }): void {
    const { location, paths, priority, bare } = written
    const { place } = location.directive
    const what = nameOf(location)
    const route: Item = {
      name: this.#names.take(`${server.hosts[0]?.replace('*', 'any') ?? ''} ${location.pattern}`, 'root'),
      ...(server.hosts.length === 0 ? {} : { hosts: server.hosts }),
      paths,
      ...(methods === null ? {} : { methods }),
      ...(priority === 0 ? {} : { regex_priority: priority }),
      ...(server.tls && !server.plain ? { protocols: ['https'], ...(server.redirect === null ? {} : { https_redirect_status_code: server.redirect }) } : {}),
      plugins: []
    }
    this.#places.set(route, place)
    const context: LocationContext = { draft: this.#draft, scope, route, what, place, whole: { ...this.#whole, locations } }
    const target = this.#answer(context, location, scope, server)
    sayUnknown(context)
    const inner = innerLocations(location.directive).find(child => { const inside = readLocation(child); return isRegex(location) || (inside !== null && isRegex(inside)) })
    if (inner !== undefined) closeRoute(context, inner, 'a regex and what it is nested with can\'t be said.')
    if (unsaid !== undefined && (location.modifier === '' || (isRegex(location) && behind))) {
      this.#draft.close(route, what, `${nameOf(unsaid.location)} can't be said, and its requests would come here.`, place)
    }
    const owner = target === null ? this.#draft.file : target
    listOf(owner, 'routes').push(route)
    if (bare === null || !scope[0]?.some(({ name }) => name.endsWith('_pass'))) return
    // nginx sends the client to the path with the slash; here the same route answers both
    if (priority === 0) {
      Object.assign(route, { paths: [...paths ?? [], bare], regex_priority: EXACT })
      return
    }
    const twin: Item = { ...route, name: this.#names.take(`${String(route['name'])}-bare`), paths: [bare], regex_priority: EXACT }
    this.#places.set(twin, place)
    const size = this.#whole.sizes.get(route)
    if (size !== undefined) this.#whole.sizes.set(twin, size)
    this.#draft.comment(twin, 'nginx sends clients from here to the path with a slash.')
    listOf(owner, 'routes').push(twin)
  }

  /** @returns the service, or null where the gateway answers itself */
  #answer (context: LocationContext, location: Location, scope: Scope, server: Server): Item | null {
    const [own = []] = scope
    const answer = server.block.find(({ name }) => name === 'return') ?? own.find(({ name }) => name === 'return')
    const { route, draft, what, place } = context
    if (own.some(({ name }) => name === 'internal')) {
      addPlugin(route, 'request-termination', { status_code: 404 })
      return null
    }
    if (answer !== undefined) {
      addReturn(context, answer)
      return null
    }
    const fallback = own.find(({ name }) => name === 'try_files')?.args.at(-1)
    const named = fallback?.startsWith('@') === true ? context.whole.locations.find(({ args }) => args[0] === fallback) : undefined
    if (named !== undefined) {
      const inside: Scope = [named.block ?? [], server.block, this.#http]
      sayUnknown({ ...context, scope: [named.block ?? []] })
      // nginx asks both: what the two say differently can't be said once
      for (const names of BOTH) {
        const [outer, inner] = [inherited(scope, ...names), inherited(inside, ...names)]
        const differs = outer.length !== inner.length || outer.some((one, index) => one.name !== inner[index]?.name || one.args.join(' ') !== inner[index]?.args.join(' '))
        if (outer.length > 0 && inner.length > 0 && differs) closeRoute(context, inner[0] as Directive, `it stands in ${String(fallback)}, and ${what} says something else: both count there.`)
      }
      const rewrite = named.block?.find(({ name }) => name === 'rewrite' || name === 'return')
      if (rewrite !== undefined) closeRoute(context, rewrite, `in ${String(fallback)} it can't be said.`)
    }
    const pass = own.find(({ name }) => name === 'proxy_pass') ?? named?.block?.find(({ name }) => name === 'proxy_pass')
    if (named !== undefined) draft.tell('changed', `${what}: try_files`, `files are not served: everything goes to ${String(fallback)}.`, place, route)
    if (pass === undefined) {
      const other = own.find(({ name }) => OTHERS.includes(name)) ?? own.find(({ name, args }) => name === 'rewrite' && args[2] !== 'break')
      if (deniesAll(scope)) {
        addPlugin(route, 'request-termination', { status_code: 403 })
        return null
      }
      draft.tell('left_out', what, `${other === undefined ? 'it serves files' : `\`${[other.name, ...other.name === 'rewrite' ? other.args : []].join(' ')}\``}, which the gateway doesn't do: answered with 404.`, other?.place ?? place, route)
      addPlugin(route, 'request-termination', { status_code: 404 })
      return null
    }
    const around: Scope = named === undefined ? scope : [named.block ?? [], ...scope]
    const target = proxyTarget({ ...context, scope: around }, location, pass, own.filter(({ name }) => name === 'rewrite'))
    addGuards({ ...context, scope: around })
    addHeaders({ ...context, scope: around })
    const rewrite = server.block.find(({ name }) => name === 'rewrite')
    if (rewrite !== undefined) closeRoute(context, rewrite, 'rewriting before the location is chosen can\'t be said.')
    if (target === null) return null
    Object.assign(route, { plugins: undefined }, target.route, { plugins: route['plugins'] })
    return this.#service(target.service, pass.place)
  }

  #service (service: Item, place: Place): Item {
    const host = new URL(String(service['url'])).hostname
    return this.#services.take(JSON.stringify(service), place, names => ({ name: names.take(host, 'service'), ...service, routes: [] }))
  }
}

interface Flat {
  readonly location: Location
  /** Blocks between the location and the server, the innermost first. */
  readonly around: ReadonlyArray<readonly Directive[]>
}

/** Prefixes inside of prefixes are prefixes; a regex inside of one is for its requests alone, and can't be said. */
function flatten (directive: Directive, around: ReadonlyArray<readonly Directive[]>): Flat[] {
  const location = readLocation(directive)
  if (location === null) return []
  const inner = isRegex(location) ? [] : innerLocations(directive).filter(child => { const location = readLocation(child); return location !== null && !isRegex(location) })
  return [{ location, around }, ...inner.flatMap(child => flatten(child, [directive.block ?? [], ...around]))]
}

function innerLocations ({ block }: Directive): Directive[] {
  return (block ?? []).filter(({ name, block }) => name === 'location' && block !== null)
}

function isRegex ({ modifier }: Location): boolean {
  return modifier === '~' || modifier === '~*'
}

function nameOf ({ directive }: Location): string {
  return `location ${directive.args.join(' ')}`
}

function collect (directives: readonly Directive[], visit: (directive: Directive) => void): void {
  for (const directive of directives) {
    visit(directive)
    if (directive.block !== null) collect(directive.block, visit)
  }
}
