/** Where requests are sent: services, upstreams and targets. */
import type { Service, Upstream, UpstreamTarget } from '../config/model.ts'
import type { Draft, Risk } from './change.ts'
import type { Comparison } from './comparison.ts'
import { differences, type Difference } from './differences.ts'

/** Not compared: what follows from the name or the place, and what is compared elsewhere. */
const LEFT_OUT = new Set(['id', 'pointer'])

const LOW = new Set(['tags', 'name'])

export function serviceChanges (comparison: Comparison): Draft[] {
  const { old, next, services } = comparison
  const drafts: Draft[] = []
  const about = (service: Service) => ({ kind: 'service' as const, subject: next.nameOf(service) })
  for (const service of services.added) {
    drafts.push({ ...about(service), risk: 'low', rule: 'service-added', one: 'is new', many: 'are new', details: [], places: [next.heading(service)] })
  }
  for (const service of services.removed) {
    drafts.push({ kind: 'service', subject: old.nameOf(service), risk: 'low', rule: 'service-removed', one: 'is gone', many: 'are gone', details: [], places: [old.heading(service)] })
  }
  for (const [before, after] of services.both) {
    for (const difference of differences(comparable(before, comparison.old), comparable(after, comparison.next))) {
      const [field = ''] = difference.path
      const upstream = ADDRESS.has(field)
      drafts.push(comparison.field(difference, {
        ...about(after),
        rule: upstream ? 'upstream-changed' : `service-${field.replaceAll('_', '-')}`,
        risk: serviceRisk(field, difference),
        old: before.pointer,
        next: after.pointer,
        label: upstream ? `upstream ${field}` : difference.path.join('.')
      }))
    }
  }
  return drafts
}

/** References by name: ids follow from names, and say nothing. */
function comparable ({ ca_certificates: authorities, client_certificate: client, ...service }: Service, { config }: Comparison['old']): Record<string, unknown> {
  const nameOf = (list: ReadonlyArray<{ readonly id: string, readonly name: string | null }>, id: string): string => list.find(item => item.id === id)?.name ?? id
  const fields = Object.entries(service).filter(([field]) => !LEFT_OUT.has(field))
  return {
    ...Object.fromEntries(fields),
    ca_certificates: authorities?.map(id => nameOf(config.ca_certificates, id)) ?? null,
    client_certificate: client === null ? null : nameOf(config.certificates, client)
  }
}

const ADDRESS = new Set(['protocol', 'host', 'port', 'path'])

function serviceRisk (field: string, { from, to, added }: Difference): Risk {
  if (LOW.has(field)) return 'low'
  if (field === 'host' || field === 'port') return 'high'
  if (field === 'protocol' || field === 'tls_verify') return to === 'http' || to === false ? 'high' : 'medium'
  // none means the public ones, which are more
  if (field === 'ca_certificates') return from !== null && (to === null || (added?.length ?? 0) > 0) ? 'high' : 'medium'
  return 'medium'
}

export function upstreamChanges (comparison: Comparison): Draft[] {
  const { old, next, upstreams } = comparison
  const drafts: Draft[] = []
  // a service says the same host as before, and is sent elsewhere: an upstream of that name came or went
  const moved = ({ name }: Upstream): string[] => comparison.services.both.filter(([before, after]) => before.host === name && after.host === name).map(([, after]) => next.nameOf(after))
  const told = (upstream: Upstream, where: string): Pick<Draft, 'risk' | 'rule' | 'one' | 'many' | 'details'> | null => {
    const services = moved(upstream)
    return services.length === 0 ? null : { risk: 'high', rule: 'upstream-changed', one: where, many: where, details: [`of ${services.length === 1 ? 'service' : 'services'} ${services.join(', ')}`] }
  }
  for (const upstream of upstreams.added) {
    const plain = { risk: 'low', rule: 'upstream-added', one: 'is new', many: 'are new', details: [] } as const
    drafts.push({ kind: 'upstream', subject: next.nameOf(upstream), ...told(upstream, 'is new, and takes requests that went to the host of this name') ?? plain, places: [next.heading(upstream)] })
  }
  for (const upstream of upstreams.removed) {
    const plain = { risk: 'medium', rule: 'upstream-removed', one: 'is gone', many: 'are gone', details: [] } as const
    drafts.push({ kind: 'upstream', subject: old.nameOf(upstream), ...told(upstream, 'is gone, and its requests go to the host of this name') ?? plain, places: [old.heading(upstream)] })
  }
  for (const [before, after] of upstreams.both) {
    for (const difference of differences(fieldsOf(before), fieldsOf(after))) {
      const [field = ''] = difference.path
      const unverified = difference.path.at(-1) === 'https_verify_certificate' && difference.to === false
      const risk = LOW.has(field) ? 'low' : unverified ? 'high' : 'medium'
      drafts.push(comparison.field(difference, { kind: 'upstream', subject: next.nameOf(after), rule: `upstream-${field.replaceAll('_', '-')}`, risk, old: before.pointer, next: after.pointer }))
    }
    drafts.push(...targetChanges(comparison, before, after))
  }
  return drafts
}

function targetChanges (comparison: Comparison, before: Upstream, after: Upstream): Draft[] {
  const { old, next } = comparison
  const had = old.config.targets.filter(({ upstream }) => upstream === before.id)
  const has = next.config.targets.filter(({ upstream }) => upstream === after.id)
  const address = ({ target }: UpstreamTarget): string => target
  const gone = had.filter(one => !has.some(other => address(other) === address(one)))
  const come = has.filter(one => !had.some(other => address(other) === address(one)))
  const about = { kind: 'upstream' as const, subject: next.nameOf(after) }
  const drafts: Draft[] = []
  const listed = (side: Comparison['old'], list: readonly UpstreamTarget[]): string => list.map(({ target, pointer }) => side.show(target, `${pointer}/target`)).join(', ')
  const replaced = had.length > 0 && gone.length === had.length && come.length > 0
  if (replaced) {
    drafts.push({ ...about, risk: 'high', rule: 'upstream-changed', one: `has other targets, all of them: ${listed(old, had)} → ${listed(next, has)}`, details: [], places: [...gone.map(({ pointer }) => old.place(pointer)), ...come.map(({ pointer }) => next.place(pointer))] })
  } else {
    if (come.length > 0) drafts.push({ ...about, risk: 'medium', rule: 'target-added', one: `has new targets: ${listed(next, come)}`, details: [], places: come.map(({ pointer }) => next.place(pointer)) })
    if (gone.length > 0) drafts.push({ ...about, risk: 'medium', rule: 'target-removed', one: `loses targets: ${listed(old, gone)}`, details: [], places: gone.map(({ pointer }) => old.place(pointer)) })
  }
  for (const one of had) {
    const other = has.find(target => address(target) === address(one))
    if (other === undefined) continue
    for (const difference of differences(fieldsOf(one), fieldsOf(other))) {
      const [field = ''] = difference.path
      drafts.push(comparison.field(difference, { ...about, rule: `target-${field}`, risk: field === 'tags' ? 'low' : 'medium', old: one.pointer, next: other.pointer, label: `${field} of target ${next.show(other.target, `${other.pointer}/target`)}` }))
    }
  }
  return drafts
}

function fieldsOf (entity: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).filter(([field]) => !LEFT_OUT.has(field) && field !== 'upstream'))
}
