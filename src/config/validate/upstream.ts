import ipaddr from 'ipaddr.js'
import type { EntityContext, Fields } from './context.ts'
import { checkHealthchecks } from './healthchecks.ts'
import { hostProblem } from './host.ts'
import { missing, scalarText } from './messages.ts'

/** Inputs that need to be told which one, and the end of the field that says so. */
const NAMED = ['header', 'query_arg', 'uri_capture'] as const

/** Inputs of which there is one: a second look at it finds nothing new. */
const SINGLE = ['consumer', 'ip', 'path']

/** What a schema can't say about an upstream; Kong's rewriting of `algorithm` and `hash_on` is done here, and told. */
export function checkUpstream (fields: Record<string, unknown>, context: EntityContext): void {
  const { name, host_header: hostHeader } = fields
  if (typeof name === 'string' && name !== '') checkName(name, context)
  if (typeof hostHeader === 'string' && hostHeader !== '') {
    const problem = hostProblem(hostHeader, { port: true, wildcard: false })
    if (problem !== undefined) context.at(['host_header'], { rule: 'bad-host', ...problem })
  }
  if (typeof fields['healthchecks'] === 'object' && fields['healthchecks'] !== null) checkHealthchecks(fields['healthchecks'], context)
  if (fields['algorithm'] === 'sticky-sessions') needs('sticky_sessions_cookie', 'algorithm', fields, context)
  // what was meant to be hashed, and how, isn't known
  if (context.isBroken(['hash_on']) || context.isBroken(['algorithm'])) return
  if (rewrite(fields, context)) checkHashing(fields, context)
}

function checkName (name: string, context: EntityContext): void {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(name) ?? []
  if (ipaddr.isValid(name) || ipaddr.isValid((host === '' ? name : host).replace(/^\[(.*)\]$/, '$1'))) {
    context.at(['name'], { rule: 'bad-name', cause: `Invalid name ('${name}'); no ip addresses allowed`, mend: 'Write a name; addresses belong into `targets`.' })
  } else if (port !== undefined) {
    context.at(['name'], { rule: 'bad-name', cause: `Invalid name ('${name}'); no port allowed`, mend: `Write ${host}; ports belong into \`targets\`.` })
  } else {
    const problem = hostProblem(name, { port: false, wildcard: false })
    if (problem !== undefined) context.at(['name'], { rule: 'bad-name', cause: `Invalid name ('${name}'): ${problem.cause}`, mend: problem.mend })
  }
}

/** Kong's order: two algorithms switch hashing off, else `hash_on` decides about the algorithm. False: nothing is hashed. */
function rewrite (fields: Record<string, unknown>, context: EntityContext): boolean {
  const { algorithm, hash_on: hashOn } = fields
  const say = (cause: string, mend: string): void => {
    context.at([context.has('algorithm') ? 'algorithm' : 'hash_on'], { severity: 'warning', rule: 'hash-algorithm', cause, mend })
  }
  if (algorithm === 'least-connections' || algorithm === 'latency' || algorithm === 'sticky-sessions') {
    if (hashOn !== undefined && hashOn !== 'none') {
      say(`'hash_on' has no effect: the algorithm '${algorithm}' wins`, 'Remove `hash_on` and what belongs to it, or write `algorithm: consistent-hashing`.')
    }
    fields['hash_on'] = 'none'
    fields['hash_fallback'] = 'none'
    return false
  }
  if (hashOn !== undefined && hashOn !== 'none') {
    if (algorithm !== 'consistent-hashing' && context.has('algorithm')) {
      say(`the algorithm becomes 'consistent-hashing': 'hash_on: ${scalarText(hashOn)}' wins`, 'Write `algorithm: consistent-hashing`, or remove `hash_on`.')
    }
    fields['algorithm'] = 'consistent-hashing'
    return true
  }
  if (algorithm === 'consistent-hashing') {
    say('the algorithm becomes \'round-robin\': there is no \'hash_on\' to tell requests apart by', 'Add `hash_on`, or write `algorithm: round-robin`.')
    fields['algorithm'] = 'round-robin'
  }
  fields['hash_on'] = 'none'
  return true
}

function checkHashing (fields: Fields, context: EntityContext): void {
  const { hash_on: hashOn, hash_fallback: fallback } = fields
  for (const input of NAMED) {
    if (hashOn === input) needs(`hash_on_${input}`, 'hash_on', fields, context)
    if (fallback === input) needs(`hash_fallback_${input}`, 'hash_fallback', fields, context)
    if (hashOn !== input || fallback !== input) continue
    const [first, second] = [`hash_on_${input}`, `hash_fallback_${input}`]
    if (same(fields[first], fields[second], input)) {
      context.at([second], { rule: 'field-conflict', cause: `values of these fields must be distinct: '${first}', '${second}'`, mend: 'Name another one, or remove the fallback.' })
    }
  }
  if (hashOn === 'cookie' || fallback === 'cookie') needs('hash_on_cookie', hashOn === 'cookie' ? 'hash_on' : 'hash_fallback', fields, context)
  if (fallback === undefined || fallback === 'none') return
  if (hashOn === 'none' || hashOn === 'cookie') {
    context.at(['hash_fallback'], {
      rule: 'field-conflict',
      cause: 'expected one of: none: failed conditional validation given value of field \'hash_on\'',
      mend: hashOn === 'cookie' ? 'Remove `hash_fallback`: a client without the cookie gets one.' : 'Remove `hash_fallback`, or move it to `hash_on`.'
    })
  } else if (hashOn === fallback && SINGLE.includes(fallback as string)) {
    context.at(['hash_fallback'], {
      rule: 'field-conflict',
      cause: 'values of these fields must be distinct: \'hash_on\', \'hash_fallback\'',
      mend: 'Choose another fallback, or remove it.'
    })
  }
}

function same (one: unknown, other: unknown, input: string): boolean {
  if (typeof one !== 'string' || typeof other !== 'string') return false
  return input === 'header' ? one.toLowerCase() === other.toLowerCase() : one === other
}

function needs (key: string, by: string, fields: Fields, context: EntityContext): void {
  if (fields[key] !== undefined || context.isBroken([key])) return
  context.at([], { ...missing(key), mend: `Add \`${key}\`: \`${by}: ${scalarText(fields[by])}\` needs it.` })
}
