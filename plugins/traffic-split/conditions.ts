import { compileClaimPath, type Consumers, type FastifyRequest } from '../../src/plugin.ts'
import { cookieOf } from './cookies.ts'
import type { Conditions } from './schema.ts'

export type Condition = (request: FastifyRequest) => boolean

/** What all conditions of a rule come to. */
export function compileConditions (when: Conditions, consumers: Consumers): Condition {
  const conditions = [...each(when, consumers)]
  return request => conditions.every(holds => holds(request))
}

function * each ({ header, cookie, claim, consumers: names, consumer_groups: groups }: Conditions, consumers: Consumers): Generator<Condition> {
  if (header !== undefined) {
    const field = header.name.toLowerCase()
    const fits = oneOf(header.values)
    yield ({ headers }) => fits(headers[field])
  }
  if (cookie !== undefined) {
    const fits = oneOf(cookie.values)
    yield ({ headers }) => fits(cookieOf(headers.cookie, cookie.name))
  }
  if (claim !== undefined) {
    const read = compileClaimPath(claim.name)
    const fits = oneOf(claim.values)
    yield ({ gateway: { identity } }) => identity?.claims != null && fits(read(identity.claims))
  }
  if (names !== undefined) {
    const ids = new Set(names.map(name => consumers.find(name)?.id))
    yield ({ gateway: { consumer } }) => consumer !== null && ids.has(consumer.id)
  }
  if (groups !== undefined) {
    const wanted = new Set(groups)
    yield ({ gateway: { consumer } }) => consumer !== null &&
      (consumer.groups.some(id => wanted.has(id)) || consumers.groupNames(consumer).some(name => wanted.has(name)))
  }
}

/** Whether a value is there and, where some are named, is or has one of them. */
function oneOf (values: readonly string[] | undefined): (value: unknown) => boolean {
  const wanted = values === undefined ? null : new Set(values)
  const fits = (value: unknown): boolean => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false
    return wanted === null || wanted.has(String(value))
  }
  return value => Array.isArray(value) ? value.some(fits) : fits(value)
}

/** Whether every request that fits `later` also fits `earlier`: it is never asked then. */
export function covers (earlier: Conditions, later: Conditions): boolean {
  return (['header', 'cookie', 'claim'] as const).every(kind => coversField(kind, earlier[kind], later[kind])) &&
    coversList(earlier.consumers, later.consumers) && coversList(earlier.consumer_groups, later.consumer_groups)
}

interface Field {
  readonly name: string
  readonly values?: readonly string[]
}

function coversField (kind: 'header' | 'cookie' | 'claim', earlier: Field | undefined, later: Field | undefined): boolean {
  if (earlier === undefined) return true
  if (later === undefined) return false
  const same = kind === 'header' ? earlier.name.toLowerCase() === later.name.toLowerCase() : earlier.name === later.name
  return same && coversList(earlier.values, later.values)
}

function coversList (earlier: readonly string[] | undefined, later: readonly string[] | undefined): boolean {
  return earlier === undefined || (later !== undefined && later.every(value => earlier.includes(value)))
}
