/** What requests routes take, and what is done with these. */
import { coversHost, headersOf } from '../config/lint/criteria.ts'
import { coversPath, pathFacts, type PathFacts } from '../config/lint/path-facts.ts'
import { remember } from '../config/lint/words.ts'
import type { Route, Service } from '../config/model.ts'
import type { Draft, Risk } from './change.ts'
import type { Comparison } from './comparison.ts'
import { differences } from './differences.ts'
import { settingRisk } from './setting-risk.ts'

export function routeChanges (comparison: Comparison): Draft[] {
  const { old, routes } = comparison
  const facts = remember(pathFacts)
  return [
    ...routes.added.map(route => addedRoute(comparison, route)),
    ...routes.removed.map((route): Draft => ({ kind: 'route', subject: old.nameOf(route), risk: 'medium', rule: 'route-removed', one: 'is gone', many: 'are gone', details: [`it took ${criteriaOf(route)}`], places: [old.heading(route)] })),
    ...routes.both.flatMap(([before, after]) => [
      ...criteriaChanges(comparison, before, after, facts),
      ...serviceChange(comparison, before, after),
      ...fieldChanges(comparison, before, after)
    ])
  ]
}

function addedRoute ({ next }: Comparison, route: Route): Draft {
  const { state, methods } = next.access(route)
  const open = state !== 'closed'
  return {
    kind: 'route',
    subject: next.nameOf(route),
    risk: open ? 'high' : 'medium',
    rule: open ? 'public-route-added' : 'route-added',
    one: open ? 'is new, and open to anybody' : 'is new',
    many: open ? 'are new, and open to anybody' : 'are new',
    details: [`${next.nameOf(route)} takes ${criteriaOf(route)}, for ${next.serviceOf(route)}${methods.length === 0 ? '' : `, and asks for ${methods.join(' and ')}`}`],
    places: [next.heading(route)]
  }
}

/** `GET, POST a.example.com/users`. */
function criteriaOf ({ methods, hosts, paths, headers, snis }: Route): string {
  const where = `${hosts?.join(' | ') ?? ''}${paths === null ? hosts === null ? 'any path' : ', any path' : hosts === null ? paths.join(' | ') : ` ${paths.join(' | ')}`}`
  const more = [...headers === null ? [] : [`headers ${Object.keys(headers).join(', ')}`], ...snis === null ? [] : [`server names ${snis.join(', ')}`]]
  return `${methods?.join(', ') ?? 'any method'} ${where}${more.length === 0 ? '' : ` with ${more.join(' and ')}`}`
}

/** Values of one criterion: null is any. */
interface Criterion {
  readonly field: string
  readonly label: string
  readonly from: readonly string[] | null
  readonly to: readonly string[] | null
  /** Whether whoever passes the first passes the second. */
  readonly covers: (mine: string, theirs: string) => boolean
}

const CRITERIA = ['paths', 'hosts', 'methods', 'protocols', 'snis', 'headers'] as const

function isEqual (one: unknown, other: unknown): boolean {
  return one === other || (one !== null && other !== null && JSON.stringify(one) === JSON.stringify(other))
}

const equal = (mine: string, theirs: string): boolean => mine === theirs

function criteria (before: Route, after: Route, facts: (path: string) => PathFacts): Criterion[] {
  const [had, has] = [new Map(headersOf(before)), new Map(headersOf(after))]
  return [
    { field: 'paths', label: 'path', from: before.paths, to: after.paths, covers: (mine, theirs) => coversPath(facts(mine), facts(theirs), facts(theirs).only) },
    { field: 'hosts', label: 'host', from: before.hosts, to: after.hosts, covers: (mine, theirs) => coversHost(mine, theirs.toLowerCase()) },
    { field: 'methods', label: 'method', from: before.methods, to: after.methods, covers: equal },
    { field: 'protocols', label: 'protocol', from: before.protocols, to: after.protocols, covers: equal },
    { field: 'snis', label: 'server name', from: before.snis, to: after.snis, covers: (mine, theirs) => coversHost(mine, theirs.toLowerCase()) },
    ...[...new Set([...had.keys(), ...has.keys()])].map(name => ({ field: 'headers', label: `${name} header`, from: had.get(name) ?? null, to: has.get(name) ?? null, covers: equal }))
  ]
}

function criteriaChanges ({ old, next }: Comparison, before: Route, after: Route, facts: (path: string) => PathFacts): Draft[] {
  // most routes of a big file are as they were
  if (CRITERIA.every(field => isEqual(before[field], after[field]))) return []
  const drafts: Draft[] = []
  const open = next.access(after).state !== 'closed'
  for (const { field, label, from, to, covers } of criteria(before, after, facts)) {
    const wider = beyond(to, from, covers)
    const narrower = beyond(from, to, covers)
    const draft = (risk: Risk, rule: string, one: string, many: string): Draft => ({
      kind: 'route',
      subject: next.nameOf(after),
      risk,
      rule,
      one,
      many,
      general: rule === 'route-wider' ? `take another ${label} as well now` : `no longer take a ${label} that they took`,
      from: from === null ? 'any' : old.show(from, `${before.pointer}/${field}`),
      to: to === null ? 'any' : next.show(to, `${after.pointer}/${field}`),
      details: [],
      places: [old.place(`${before.pointer}/${field}`, 'key'), next.place(`${after.pointer}/${field}`, 'key')]
    })
    const words = (values: 'any' | readonly string[], of: readonly string[] | null, side: Comparison['old'], route: Route): string =>
      values === 'any' ? `any ${label}` : `${label} ${values.map(value => side.show(value, `${route.pointer}/${field}/${of?.indexOf(value) ?? 0}`)).join(', ')}`
    // plain text is new for who asked for TLS
    const high = open || ['paths', 'hosts', 'protocols'].includes(field)
    if (wider !== null) {
      const said = words(wider, to, next, after)
      drafts.push(draft(high ? 'high' : 'medium', 'route-wider', `takes ${said} as well now`, `take ${said} as well now`))
    }
    if (narrower !== null) {
      const said = words(narrower === 'any' ? to ?? [] : narrower, narrower === 'any' ? to : from, narrower === 'any' ? next : old, narrower === 'any' ? after : before)
      drafts.push(narrower === 'any'
        ? draft('medium', 'route-narrower', `takes ${said} now, and took any`, `take ${said} now, and took any`)
        : draft('medium', 'route-narrower', `no longer takes ${said}`, `no longer take ${said}`))
    }
  }
  return drafts
}

/** What `one` takes and `other` doesn't; null: nothing. */
function beyond (one: readonly string[] | null, other: readonly string[] | null, covers: Criterion['covers']): 'any' | readonly string[] | null {
  if (other === null) return null
  if (one === null) return 'any'
  const more = one.filter(value => !other.some(mine => covers(mine, value)))
  return more.length === 0 ? null : more
}

const SAFETY = ['tls_verify', 'tls_verify_depth', 'ca_certificates', 'client_certificate'] as const

/** References by name. */
function comparisonOf (service: Service, field: typeof SAFETY[number], { config }: Comparison['old']): string {
  const names = new Map([...config.ca_certificates, ...config.certificates].map(({ id, name }) => [id, name ?? id]))
  return JSON.stringify([service[field]].flat().map(value => typeof value === 'string' ? names.get(value) ?? value : value))
}

function serviceChange ({ old, next, services }: Comparison, before: Route, after: Route): Draft[] {
  const was = before.service === null ? null : old.services.get(before.service) ?? null
  const is = after.service === null ? null : next.services.get(after.service) ?? null
  if ((was === null ? null : services.next.get(was) ?? 'gone') === is) return []
  const [from, to] = [old.serviceOf(before), next.serviceOf(after)]
  // what is behind the same address is only the same if it is asked as carefully
  const careful = was === null || is === null || SAFETY.every(field => comparisonOf(was, field, old) === comparisonOf(is, field, next))
  const address = careful && was !== null && is !== null && was.host === is.host && was.port === is.port && was.protocol === is.protocol && was.path === is.path
  return [{
    kind: 'route',
    subject: next.nameOf(after),
    risk: address ? 'low' : 'high',
    rule: 'upstream-changed',
    one: `sends its requests to ${to}, before to ${from}`,
    many: `send their requests to ${to}, before to ${from}`,
    general: 'send their requests to another service',
    from,
    to,
    details: address ? ['both have the same address'] : [],
    places: [old.heading(before), next.heading(after)]
  }]
}

/** Compared as criteria, or elsewhere. */
const LEFT_OUT = new Set(['id', 'pointer', 'service', 'paths', 'hosts', 'methods', 'protocols', 'snis', 'headers'])
const LOW = new Set(['tags', 'name', 'request_buffering', 'response_buffering'])

function fieldChanges (comparison: Comparison, before: Route, after: Route): Draft[] {
  const fields = (route: Route): Record<string, unknown> => Object.fromEntries(Object.entries(route).filter(([field]) => !LEFT_OUT.has(field)))
  return differences(fields(before), fields(after)).map(difference => {
    const [field = ''] = difference.path
    const risk = LOW.has(field) ? 'low' : field === 'path_policy' ? settingRisk(['path_policy', ...difference.path.slice(1)], difference) : 'medium'
    return comparison.field(difference, { kind: 'route', subject: comparison.next.nameOf(after), rule: `route-${field.replaceAll('_', '-')}`, risk, old: before.pointer, next: after.pointer })
  })
}
