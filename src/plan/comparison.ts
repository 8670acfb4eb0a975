/** The two sides, and which entity of one is which of the other. */
import type { Consumer, Entity, Pointer, Route, Service, Upstream } from '../config/model.ts'
import type { Draft, Kind, Place, Risk } from './change.ts'
import { same, type Difference } from './differences.ts'
import { pair, type Pairs } from './pairs.ts'
import type { Side } from './side.ts'

type Named = Entity & { readonly name: string | null }

const byName = ({ name }: { readonly name: string | null }): string | null => name
const byId = ({ id }: Entity): string => id

export class Comparison {
  readonly old: Side
  readonly next: Side
  readonly services: Pairs<Service>
  readonly routes: Pairs<Route>
  readonly upstreams: Pairs<Upstream>
  readonly consumers: Pairs<Consumer>

  constructor (old: Side, next: Side) {
    this.old = old
    this.next = next
    this.services = this.pairNamed(old.config.services, next.config.services, ({ protocol, host, port, path }) => JSON.stringify([protocol, host, port, path]))
    const serviceOf = this.#ids(this.services)
    this.routes = pair(old.context.routes, next.context.routes, [byName, byId, (route, side) => {
      const service = side === 'old' ? serviceOf.get(route.service ?? '') ?? route.service : route.service
      const { hosts, paths, methods, headers, snis } = route
      return JSON.stringify([service, hosts, paths, methods, headers, snis])
    }])
    this.upstreams = this.pairNamed(old.config.upstreams, next.config.upstreams)
    this.consumers = pair(old.config.consumers, next.config.consumers, [({ username }) => username, ({ custom_id: id }) => id, byId])
  }

  /** Pairs by name, by id, and by what they are. */
  pairNamed<Item extends Named> (old: readonly Item[], next: readonly Item[], content?: (item: Item) => string): Pairs<Item> {
    return pair(old, next, content === undefined ? [byName, byId] : [byName, byId, content])
  }

  /** Ids on the new side of those on the old one. */
  #ids (pairs: Pairs<Entity>): Map<string, string> {
    return new Map(pairs.both.map(([one, other]) => [one.id, other.id]))
  }

  same (from: unknown, to: unknown): boolean {
    return same(from, to)
  }

  /** `a → b`, or what was added to and removed from a list. */
  values ({ path, from, to, added, removed }: Difference, oldBase: Pointer, newBase: Pointer): { text: string, from: string, to: string } {
    const steps = path.map(step => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    const [before, after] = [this.old.show(from, `${oldBase}${steps}`), this.next.show(to, `${newBase}${steps}`)]
    if (before === '***' || after === '***') return { text: 'is another one (not shown)', from: before, to: after }
    if (added === undefined || removed === undefined) return { text: `${before} → ${after}`, from: before, to: after }
    const listed = (items: readonly unknown[], side: Side, base: Pointer, all: readonly unknown[]): string =>
      items.map(item => side.show(item, `${base}${steps}/${all.indexOf(item)}`)).join(', ')
    const parts = [
      ...added.length === 0 ? [] : [`+ ${listed(added, this.next, newBase, to as unknown[])}`],
      ...removed.length === 0 ? [] : [`− ${listed(removed, this.old, oldBase, from as unknown[])}`]
    ]
    return { text: parts.length === 0 ? `in another order: ${after}` : parts.join(', '), from: before, to: after }
  }

  /** Where a value stands on each side that has it. */
  places (path: readonly string[], oldBase: Pointer, newBase: Pointer): Place[] {
    const steps = path.map(step => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    return [this.old.place(`${oldBase}${steps}`), this.next.place(`${newBase}${steps}`)]
  }

  /** A change of a field. */
  field (difference: Difference, about: { kind: Kind, subject: string, rule: string, risk: Risk, old: Pointer, next: Pointer, label?: string, details?: readonly string[] }): Draft {
    const { kind, subject, rule, risk, old, next, label = difference.path.join('.'), details = [] } = about
    const { text, from, to } = this.values(difference, old, next)
    return { kind, subject, rule, risk, one: `${kind === 'gateway' ? '' : ': '}${label} ${text}`, ...kind === 'gateway' ? {} : { general: `: ${label} is another one for each` }, from, to, details, places: this.places(difference.path, old, next) }
  }
}
