import type { RouteFacts } from '../../plugin-contract.ts'
import type { Route } from '../model.ts'
import type { LintContext } from './context.ts'
import { pathFacts } from './path-facts.ts'

/** Entries that can't do their work on a route where they run, by what their plugins say. */
export function pluginRoutes (context: LintContext): void {
  const file = new FileFacts(context)
  const told = new Set<string>()
  for (const route of context.routes) {
    let facts: RouteFacts | null = null
    for (const { name, entries } of context.chainOf(route)) {
      const definition = context.plugins.registry.get(name)
      if (definition?.checkRoute === undefined) continue
      facts ??= file.of(route)
      for (const entry of entries) {
        if (told.has(entry.id)) continue
        for (const { path, message, mend } of definition.checkRoute(entry.config as never, facts)) {
          told.add(entry.id)
          const own = entry.route === route.id
          context.warn(path === '' ? context.heading(entry) : `${entry.pointer}/config${path}`, {
            rule: 'plugin-route',
            cause: own ? message : `on ${context.name('route', route)}: ${message}`,
            mend,
            ...own ? {} : { related: [context.place(context.heading(route), 'the route')] }
          })
        }
      }
    }
  }
}

/** Regexes that are tried for one path: beyond it nothing is said. */
const TRIES = 1_000

/** What a file says about its routes; nothing of it is computed that no plugin asks for. */
class FileFacts {
  readonly #listen: Pick<RouteFacts, 'asksForCertificates' | 'trustsProxies'>
  readonly #context: LintContext
  #options: OptionsPaths | null = null

  constructor (context: LintContext) {
    const { listen, trusted_ips: trusted } = context.config.gateway
    this.#context = context
    this.#listen = { asksForCertificates: listen.some(({ client_certificate: asks }) => asks !== 'none'), trustsProxies: trusted.length > 0 }
  }

  of (route: Route): RouteFacts {
    const takesOptions = (): boolean => {
      this.#options ??= optionsPaths(this.#context.routes)
      return isTaken(route, this.#options)
    }
    return {
      ...this.#listen,
      get captures () { return capturesOf(route) },
      get takesOptions () { return takesOptions() }
    }
  }
}

function capturesOf ({ paths }: Route): Set<string> {
  // names of groups in the dialects that paths are written in: (?<name>, (?P<name>
  return new Set((paths ?? []).filter(path => path.startsWith('~')).flatMap(path => [...path.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map(([, name]) => name as string)))
}

/** Where requests with OPTIONS find a route; null: everywhere. Hosts and headers are left out: what is doubtful is none of a warning's. */
type OptionsPaths = { readonly literals: ReadonlySet<string>, readonly regexes: readonly RegExp[] } | null

function optionsPaths (routes: readonly Route[]): OptionsPaths {
  const literals = new Set<string>()
  const regexes: RegExp[] = []
  for (const { methods, paths } of routes) {
    if (methods !== null && !methods.includes('OPTIONS')) continue
    if (paths === null) return null
    for (const path of paths) {
      const { regex } = pathFacts(path)
      if (regex === null) literals.add(path)
      else regexes.push(regex)
    }
  }
  return { literals, regexes }
}

function isTaken ({ methods, paths }: Route, options: OptionsPaths): boolean {
  if (methods === null || methods.includes('OPTIONS') || options === null) return true
  const { literals, regexes } = options
  return (paths ?? ['/']).some(path => {
    const { only, sample } = pathFacts(path)
    const text = only ?? sample
    if (text === undefined || regexes.length > TRIES || regexes.some(regex => regex.test(text))) return true
    for (let length = text.length; length > 0; length--) if (literals.has(text.slice(0, length))) return true
    return false
  })
}
