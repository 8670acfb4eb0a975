/** `limit_except`: one location as two routes, of which one has the methods that are named. */
import { listOf, type Draft, type Item } from '../draft.ts'
import type { Directive } from './parse.ts'

/** What a route takes that `limit_except` says nothing about, once some say which methods they take: more criteria would win over longer paths. */
const USUAL = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** With any of these, nginx answers without a look at who may pass, or somewhere else. */
const ELSEWHERE = ['return', 'rewrite', 'if', 'try_files', 'internal']

/** What replaces what when both a location and its `limit_except` say something. */
const TOGETHER = [['allow', 'deny'], ['auth_basic'], ['auth_basic_user_file']]

/** One of the two: the directives that hold for these methods. */
export interface MethodPart {
  readonly methods: string[] | null
  readonly own: readonly Directive[]
}

/** A location's own directives, by method; one part with all of them where nothing is said about methods, or nothing that can be said here. */
export function byMethod (own: readonly Directive[]): MethodPart[] {
  const limits = own.filter(({ name }) => name === 'limit_except')
  const [limit] = limits
  const names = own.map(({ name }) => name)
  const whole = [{ methods: null, own }]
  if (limit?.block == null || limits.length > 1 || !names.includes('proxy_pass') || ELSEWHERE.some(name => names.includes(name))) return whole
  const { args, block } = limit
  const named = args.map(method => method.toUpperCase())
  const methods = [...new Set(named.includes('GET') ? ['GET', 'HEAD', ...named] : named)]
  const others = USUAL.filter(method => !methods.includes(method))
  const rest = own.filter(one => one !== limit)
  const replaced = TOGETHER.filter(together => block.some(({ name }) => together.includes(name))).flat()
  return [
    { methods, own: rest },
    ...others.length === 0 ? [] : [{ methods: others, own: [...block, ...rest.filter(({ name }) => !replaced.includes(name))] }]
  ]
}

/** Has all routes name their methods when one of them does, so that the winner is the one with the longer path as before. */
export function nameMethods (draft: Draft, limit: Directive): void {
  const routes: Item[] = [...draft.list('services').flatMap(service => listOf(service, 'routes')), ...draft.list('routes')]
  for (const route of routes) route['methods'] ??= [...USUAL]
  draft.tell('changed', 'limit_except', `each route names the methods that it takes, or more criteria would win over longer paths. Requests with others than ${USUAL.join(', ')} find no route: add those that are used.`, limit.place, draft.file)
}
