import { decidingField, type Candidate } from '../../router/order.ts'
import type { Route } from '../model.ts'
import type { LintContext } from './context.ts'
import { headersOf, hostsOverlap, type Atom, type Subject } from './criteria.ts'
import { Coverage } from './coverage.ts'

/** Candidates with other criteria that are compared with one; keeps big files linear. */
const MAX_OTHERS = 32

/**
 * Routes that rank the same and overlap: only their order in the file decides who gets a request. Certain findings only:
 * each comes with a request that both take.
 *
 * @param skip routes of which worse was said already
 */
export function tiedRoutes (context: LintContext, skip: ReadonlySet<Route>): void {
  const reported = new Set(skip)
  const report = (one: Candidate, other: Candidate, witness: string): void => {
    if (decidingField(one, other) !== 'declaration') return
    const [earlier, later] = one.priority.declaration < other.priority.declaration ? [one.route, other.route] : [other.route, one.route]
    if (reported.has(later)) return
    reported.add(later)
    context.warn(context.heading(later), {
      rule: 'route-tie',
      cause: `${context.name('route', later)} and ${context.name('route', earlier)} rank the same and both take ${witness}: only their order in the file decides`,
      mend: 'Give one of them a further criterion or, for regexes, different `regex_priority` values.',
      related: [context.place(context.heading(earlier), 'this one gets the request: it stands earlier in the file')]
    })
  }
  // One holds a text of the other: found from the narrower one's side, whichever comes first.
  const general = new Set(context.subjects.filter(subject => subject.general).map(subject => subject.signature))
  const back = context.subjects.filter(subject => general.has(subject.signature)).reverse()
  for (const order of [context.subjects, back]) {
    const coverage = new Coverage(order, { sampled: true })
    for (const subject of order) {
      for (const atom of subject.atoms ?? []) {
        for (const other of coverage.covering(subject, atom)) report(subject.candidate, other, describe(atom))
      }
      coverage.add(subject)
    }
  }
  for (const [one, other, path] of differentCriteria(context.subjects)) report(one, other, `'${path}'`)
}

/** Pairs of the same rank and path whose other criteria are different ones, and so don't exclude each other. */
function * differentCriteria (subjects: readonly Subject[]): Generator<[Candidate, Candidate, string]> {
  const known = new Map<string, Subject[]>()
  for (const subject of subjects) {
    const { candidate, signature } = subject
    if (candidate.kind !== 'literal') continue
    const { criteria, plainHosts, headers } = candidate.priority
    for (const path of candidate.paths) {
      const key = `${criteria} ${plainHosts} ${headers} ${path}`
      const others = known.get(key)
      if (others === undefined) {
        known.set(key, [subject])
        continue
      }
      for (const other of others) {
        if (other.signature === signature || other.candidate.route === candidate.route) continue
        if (shareRequests(candidate.route, other.candidate.route)) yield [candidate, other.candidate, path]
      }
      if (others.length < MAX_OTHERS) others.push(subject)
    }
  }
}

/** Whether nothing that both ask for excludes the other, the path aside. */
function shareRequests (one: Route, other: Route): boolean {
  const either = (mine: readonly string[] | null, theirs: readonly string[] | null, equal: (a: string, b: string) => boolean): boolean =>
    mine === null || theirs === null || mine.some(a => theirs.some(b => equal(a, b)))
  const same = (a: string, b: string): boolean => a === b
  const theirs = new Map(headersOf(other))
  return either(one.methods, other.methods, same) &&
    either(one.hosts, other.hosts, hostsOverlap) &&
    either(one.snis, other.snis, same) &&
    headersOf(one).every(([name, values]) => either(values, theirs.get(name) ?? null, same))
}

function describe ({ method, host, path, headers }: Atom): string {
  const target = path === null ? '' : (path.only ?? path.sample ?? path.path)
  const words = `${method ?? ''} ${host ?? ''}${target}`.trim()
  if (words !== '') return `'${words}'`
  return headers.length > 0 ? `requests with ${headers.map(value => `'${value}'`).join(' and ')}` : 'the same requests'
}
