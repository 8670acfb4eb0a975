import type { Candidate } from '../../router/order.ts'
import type { Route } from '../model.ts'
import type { LintContext } from './context.ts'
import { hostsOverlap } from './criteria.ts'

/** What a person who writes a regex leaves in a path, and what it then is: literal text. */
const SIGNS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\\[dDwWsSbB.]|\.[*+]|\[[^\]]*\]|\(\?|\([^)]*[|*+][^)]*\)|\)[?*+]|\{\d+,?\d*\}|^\/?\^|\$$/, 'a regex'],
  [/\/:[A-Za-z_]/, 'a path parameter'],
  [/\{[^}]*\}|\/<[^>]+>/, 'a path parameter'],
  [/\*/, 'a wildcard']
]

/** `/x/*`, and no other sign of a pattern. */
const GLOB_END = /^[^\\()[\]^$+?{}|*]*\/\*{1,2}$/

/** Literal paths that were meant as a pattern: they match no request, or almost none. */
export function patternLikePaths (context: LintContext): void {
  for (const route of context.config.routes) {
    for (const path of route.paths ?? []) {
      if (path.startsWith('~')) continue
      const found = SIGNS.find(([sign]) => sign.test(path))
      if (found === undefined) continue
      const pointer = context.path(route, path)
      context.warn(pointer, {
        rule: 'regex-without-tilde',
        cause: `${context.quote(pointer, path, 'this path')} is literal text: what looks like ${found[1]} in it matches only itself`,
        mend: `Write ${context.quote(pointer, suggestion(path), 'a regex')}; ${GLOB_END.test(path) ? 'a path takes everything that begins with it.' : 'only paths that start with `~` are regexes.'}`
      })
    }
  }
}

function suggestion (path: string): string {
  if (/\/:[A-Za-z_]|\{[A-Za-z_][^}]*\}|\/<[^>]+>/.test(path)) {
    const pattern = path
      .replace(/:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)[^}]*\}|<([^>]+)>/g, (_, a?: string, b?: string, c?: string) => `(?<${(a ?? b ?? c ?? '').replace(/\W/g, '_')}>[^/]+)`)
    return `~${pattern}$`
  }
  if (GLOB_END.test(path)) return path.replace(/\*+$/, '')
  if (path.includes('*') && !/[\\()[\]^$+?{}|]|\.\*/.test(path)) return `~${path.replace(/\*+/g, '[^/]+')}$`
  return `~${path.replace(/^\^/, '')}`
}

/** Candidates that are compared with one path; keeps big files linear. */
const MAX_OTHERS = 32

/**
 * Prefixes that end inside a segment and so take requests meant for another route: `/foo` takes POST `/foobar` when the
 * route of `/foobar` asks for GET, and all of them when it ranks higher.
 */
export function openPrefixes (context: LintContext): void {
  const prefixes = new Map<string, Array<{ candidate: Candidate, rank: number }>>()
  for (const [rank, candidate] of context.candidates.entries()) {
    if (candidate.kind !== 'literal') continue
    for (const path of candidate.paths) {
      if (path.endsWith('/')) continue
      const list = prefixes.get(path)
      if (list === undefined) prefixes.set(path, [{ candidate, rank }])
      else if (list.length < MAX_OTHERS) list.push({ candidate, rank })
    }
  }
  const reported = new Set<string>()
  for (const [rank, candidate] of context.candidates.entries()) {
    if (candidate.kind !== 'literal') continue
    for (const path of candidate.paths) {
      for (let length = 1; length < path.length; length++) {
        if (path[length] === '/') continue
        for (const other of prefixes.get(path.slice(0, length)) ?? []) {
          const prefix = path.slice(0, length)
          const key = `${other.candidate.route.id} ${prefix}`
          if (reported.has(key) || other.candidate.route === candidate.route) continue
          if (!meet(other.candidate.route, candidate.route)) continue
          const what = other.rank < rank ? `'${path}'` : spare(other.candidate.route, candidate.route, path)
          if (what === null) continue
          reported.add(key)
          report(context, other.candidate.route, prefix, candidate.route, path, what)
        }
      }
    }
  }
}

/** A request for the longer path that the route of the shorter one gets although it ranks lower. */
function spare (shorter: Route, longer: Route, path: string): string | null {
  if (longer.methods === null) return null
  if (shorter.methods === null) return `'${path}' for all methods but ${longer.methods.join(', ')}`
  const method = shorter.methods.find(one => longer.methods?.includes(one) === false)
  return method === undefined ? null : `'${method} ${path}'`
}

/** Whether a request for the longer path can be one for the shorter path's route, methods aside. */
function meet (shorter: Route, longer: Route): boolean {
  if (shorter.headers !== null || shorter.snis !== null) return false
  const { hosts } = longer
  return shorter.hosts === null || hosts === null || shorter.hosts.some(a => hosts.some(b => hostsOverlap(a, b)))
}

function report (context: LintContext, route: Route, prefix: string, other: Route, path: string, what: string): void {
  const pointer = context.path(route, prefix)
  const secret = context.source.isSecret(pointer) || context.source.isSecret(context.path(other, path))
  context.warn(pointer, {
    rule: 'prefix-boundary',
    cause: `this prefix doesn't end at a segment: it takes ${secret ? 'other paths' : what} too, which ${secret ? 'look' : 'looks'} like one for ${context.name('route', other)}`,
    mend: `Write ${secret ? "'~/…(?:/|$)'" : `'~${escape(prefix)}(?:/|$)'`} to match whole segments, or end the prefix with / if the bare path is not needed.`,
    related: [context.place(context.path(other, path), 'the path that is taken')]
  })
}

function escape (text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
