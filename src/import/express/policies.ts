import type { Item } from '../draft.ts'
import { isItem, texts } from '../structured.ts'
import { rateLimit } from './rate-limit.ts'
import { add, closeFor, type PolicyContext, type Step } from './step.ts'
import { withReferences } from './values.ts'

export const AUTHENTICATORS: ReadonlySet<string> = new Set(['jwt', 'key-auth', 'basic-auth', 'oauth2-introspect'])

const LOGS: ReadonlySet<string> = new Set(['log', 'metrics'])

/** Every step but `proxy` and those that authenticate. */
export function applyStep (context: PolicyContext, step: Step): void {
  const { draft, route, what } = context
  const { policy, action, condition, place } = step
  if (condition === 'never') return draft.tell('left_out', `${what}: ${policy}`, 'its condition is never true.', place, route)
  if (LOGS.has(policy)) return draft.tell('left_out', `${what}: ${policy}`, 'the gateway writes an access log of its own.', place, route)
  if (policy === 'rate-limit') return rateLimit(context, step)
  if (condition !== 'always') return closeFor(context, step, `its condition (${condition}) can't be said.`)
  if (policy === 'cors') return cors(context, step)
  if (policy === 'terminate') {
    add(route, 'request-termination', { status_code: Number(action['statusCode'] ?? 400), body: String(action['message'] ?? 'Terminated'), content_type: 'text/plain' })
  } else if (policy === 'headers') forwardHeaders(context, step)
  else if (policy === 'request-transformer' || policy === 'response-transformer') transform(context, step)
  else closeFor(context, step, policy === 'expression' ? 'code can\'t be said.' : 'there is no such policy here.')
}

function cors ({ draft, route, what }: PolicyContext, { action, place }: Step): void {
  const origin = action['origin'] ?? '*'
  const everybody = origin === '*' || origin === true
  const origins = everybody ? ['*'] : texts(origin)
  const list = (value: unknown): string[] => texts(value).flatMap(text => text.split(',')).map(text => text.trim()).filter(text => text !== '')
  const entry = add(route, 'cors', {
    origins,
    methods: list(action['methods'] ?? 'GET,HEAD,PUT,PATCH,POST,DELETE'),
    ...(action['allowedHeaders'] === undefined ? {} : { headers: list(action['allowedHeaders']) }),
    ...(action['exposedHeaders'] === undefined ? {} : { exposed_headers: list(action['exposedHeaders']) }),
    ...(typeof action['maxAge'] === 'number' ? { max_age: action['maxAge'] } : {}),
    ...(action['credentials'] === true && !everybody ? { credentials: true } : {})
  })
  if (action['credentials'] === true && everybody) draft.tell('changed', `${what}: cors`, 'credentials for every origin are refused: name the origins, and add `credentials: true`.', place, entry)
}

/** What isn't code: a number, or a text in quotes. */
function literal (value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return /^(['"])([^'"]*)\1$/.exec(String(value))?.[2] ?? null
}

function forwardHeaders ({ draft, route, what }: PolicyContext, { action, place }: Step): void {
  const prefix = typeof action['headersPrefix'] === 'string' ? action['headersPrefix'] : ''
  const headers = Object.entries(isItem(action['forwardHeaders']) ? action['forwardHeaders'] : {})
  const names = headers.map(([name]) => prefix + name)
  const known = headers.filter(([, value]) => !String(value).includes('${'))
  for (const [name] of headers.filter(header => !known.includes(header))) draft.tell('left_out', `${what}: headers ${prefix}${name}`, 'code can\'t be said; what clients send under this name is removed.', place, route)
  // removed and written: set, whatever the client sent
  add(route, 'request-transformer', { remove: { headers: names }, ...(known.length === 0 ? {} : { add: { headers: known.map(([name, value]) => `${prefix}${name}:${String(value)}`) } }) })
}

function transform (context: PolicyContext, step: Step): void {
  const { draft, route, what } = context
  const { policy, action, place } = step
  const config: Record<'remove' | 'add', Item> = { remove: {}, add: {} }
  for (const part of ['headers', 'body'] as const) {
    const wanted = action[part]
    if (!isItem(wanted)) continue
    const field = part === 'body' && policy === 'response-transformer' ? 'json' : part
    const added = Object.entries(isItem(wanted['add']) ? wanted['add'] : {})
    const known = added.filter(([, value]) => literal(value) !== null)
    for (const [name] of added.filter(item => !known.includes(item))) draft.tell('left_out', `${what}: ${policy} ${name}`, 'code can\'t be said.', place, route)
    // Express Gateway writes over what is there
    const removed = [...texts(wanted['remove']), ...added.map(([name]) => name)]
    if (removed.length > 0) config.remove[field] = removed
    if (known.length > 0) config.add[field] = known.map(([name, value]) => `${name}:${withReferences(literal(value) ?? '', draft)}`)
  }
  if ((route['plugins'] as Item[]).some(({ name }) => name === policy)) return closeFor(context, step, 'the same transformer twice can\'t be said.')
  add(route, policy, Object.fromEntries(Object.entries(config).filter(([, value]) => Object.keys(value).length > 0)))
}
