/** What routes gain and lose: the plugins that run on them, wherever these are configured. */
import { audienceOf, chainKey, type ChainItem } from '../config/chains.ts'
import type { PluginEntry, Route } from '../config/model.ts'
import { isWeaker } from './access.ts'
import type { Draft, Risk } from './change.ts'
import type { Comparison } from './comparison.ts'
import { differences } from './differences.ts'
import { optionRisk } from './option-risk.ts'
import type { Side } from './side.ts'

/** What is found about a pair of chains: true of all routes that have it. */
type Finding = Omit<Draft, 'kind' | 'subject'>

export function chainChanges (comparison: Comparison): Draft[] {
  const { old, next } = comparison
  const known = new Map<string, Finding[]>()
  const finder = new ChainComparison(comparison)
  return comparison.routes.both.flatMap(([before, after]) => {
    const key = `${chainKey(old.context.chainOf(before))}|${chainKey(next.context.chainOf(after))}`
    let findings = known.get(key)
    if (findings === undefined) known.set(key, findings = finder.compare(before, after))
    const subject = next.nameOf(after)
    return findings.map(finding => ({ ...finding, kind: 'route' as const, subject }))
  })
}

class ChainComparison {
  readonly #comparison: Comparison
  readonly #old: Side
  readonly #next: Side
  /** By id on the old side: consumer or group, as it is called on the new one. */
  readonly #audiences: ReadonlyMap<string, string>

  constructor (comparison: Comparison) {
    this.#comparison = comparison
    this.#old = comparison.old
    this.#next = comparison.next
    const groups = comparison.pairNamed(comparison.old.config.consumer_groups, comparison.next.config.consumer_groups)
    this.#audiences = new Map([...comparison.consumers.both, ...groups.both].map(([one, other]) => [one.id, other.id]))
  }

  compare (before: Route, after: Route): Finding[] {
    const chains = [this.#old.context.chainOf(before), this.#next.context.chainOf(after)] as const
    const [had, has] = chains.map(chain => new Map(chain.map(item => [item.name, item]))) as [Map<string, ChainItem>, Map<string, ChainItem>]
    const lost = [...had.values()].filter(({ name }) => !has.has(name))
    const gained = [...has.values()].filter(({ name }) => !had.has(name))
    const access = this.#access(before, after, lost, gained)
    return [
      ...access.findings,
      ...lost.filter(({ name }) => !access.told.has(name)).map(item => this.#lost(item)),
      ...gained.filter(({ name }) => !access.told.has(name)).map(item => this.#gained(item)),
      ...[...had.values()].flatMap(item => {
        const other = has.get(item.name)
        return other === undefined ? [] : this.#changed(item, other)
      })
    ]
  }

  /** Authentication is looked at as a whole: what counts is who may pass in the end. */
  #access (before: Route, after: Route, lost: readonly ChainItem[], gained: readonly ChainItem[]): { findings: Finding[], told: Set<string> } {
    const [was, is] = [this.#old.access(before), this.#next.access(after)]
    const methodOrPolicy = (side: Side, items: readonly ChainItem[]): ChainItem[] => items.filter(({ name }) => side.registry.get(name)?.authentication !== undefined)
    const [gone, come] = [methodOrPolicy(this.#old, lost), methodOrPolicy(this.#next, gained)]
    const told = new Set([...gone, ...come].map(({ name }) => name))
    const places = [...gone.flatMap(item => this.#places(this.#old, item)), ...come.flatMap(item => this.#places(this.#next, item))]
    const details = gone.flatMap(item => this.#why(item))
    const finding = (risk: Risk, rule: string, one: string, many: string): { findings: Finding[], told: Set<string> } =>
      ({ findings: [{ risk, rule, one, many, details, places: places.length === 0 ? [this.#next.heading(after)] : places }], told })
    const [less, more] = [names(gone), names(come)]
    if (isWeaker(is, was)) {
      const verb = less === '' ? ['is', 'are'] : [`loses ${less}${more === '' ? '' : `, gains ${more}`}:`, `lose ${less}${more === '' ? '' : `, gain ${more}`}:`]
      return is.state === 'open'
        ? finding('high', 'authentication-lost', `${verb[0]} open to anybody now`, `${verb[1]} open to anybody now`)
        : finding('high', 'authentication-optional', `${less === '' ? 'lets' : `${verb[0]} lets`} callers without credentials pass now`, `${less === '' ? 'let' : `${verb[1]} let`} callers without credentials pass now`)
    }
    if (gone.length + come.length === 0) return isWeaker(was, is) ? finding('medium', 'authentication-gained', 'asks everybody for credentials now', 'ask everybody for credentials now') : { findings: [], told }
    if (gone.length === 0) return finding('medium', 'authentication-gained', `asks for ${more} now`, `ask for ${more} now`)
    if (come.length === 0) return finding(was.state === 'open' ? 'medium' : 'high', 'authentication-lost', `loses ${less}`, `lose ${less}`)
    return finding('medium', 'authentication-changed', `authenticates by ${more} instead of ${less}`, `authenticate by ${more} instead of ${less}`)
  }

  #lost (item: ChainItem): Finding {
    const { name } = item
    const protects = this.#old.registry.get(name)?.protects
    // what a plugin of somebody else stands for is not known
    const risk = protects !== undefined || this.#old.isForeign(name) ? 'high' : 'medium'
    const whom = this.#onlyFor(this.#old, item)
    return { risk, rule: protects === 'limit' ? 'limit-lost' : 'plugin-lost', one: `loses ${name}${whom}`, many: `lose ${name}${whom}`, details: this.#why(item), places: this.#places(this.#old, item) }
  }

  #gained (item: ChainItem): Finding {
    const whom = this.#onlyFor(this.#next, item)
    return { risk: 'medium', rule: 'plugin-gained', one: `gains ${item.name}${whom}`, many: `gain ${item.name}${whom}`, details: [], places: this.#places(this.#next, item) }
  }

  /** The same plugin on both sides: what is different for whom. */
  #changed (was: ChainItem, is: ChainItem): Finding[] {
    const [mine, theirs] = [byAudience(was, id => this.#audiences.get(id) ?? id), byAudience(is, id => id)]
    const findings: Finding[] = []
    for (const audience of new Set([...mine.keys(), ...theirs.keys()])) {
      // who has no entry of their own gets that of everybody
      const [from, to] = [mine.get(audience) ?? mine.get(''), theirs.get(audience) ?? theirs.get('')]
      const whom = audience === '' ? '' : ` for ${this.#who(mine.get(audience) ?? theirs.get(audience) as PluginEntry, mine.has(audience) ? this.#old : this.#next)}`
      const { name } = was
      if (from === undefined || to === undefined) {
        const lost = to === undefined
        const side = lost ? this.#old : this.#next
        const risk = lost && side.registry.get(name)?.protects !== undefined ? 'high' : 'medium'
        const everybody = whom === '' ? ' for everybody else' : whom
        findings.push({ risk, rule: lost ? 'plugin-lost' : 'plugin-gained', one: `${lost ? 'loses' : 'gains'} ${name}${everybody}`, many: `${lost ? 'lose' : 'gain'} ${name}${everybody}`, details: [], places: [side.place(`${(from ?? to as PluginEntry).pointer}/name`)] })
        continue
      }
      findings.push(...this.#options(from, to, whom))
    }
    return findings
  }

  #options (from: PluginEntry, to: PluginEntry, whom: string): Finding[] {
    const definition = this.#next.registry.get(to.name)
    return differences(from.config, to.config).map(difference => {
      const [old, next] = [`${from.pointer}/config`, `${to.pointer}/config`]
      const values = this.#comparison.values(difference, old, next)
      const option = difference.path.join('.')
      const risk = optionRisk(difference, definition ?? { name: to.name })
      return {
        risk,
        rule: definition?.protects === 'limit' ? 'limit-changed' : 'option-changed',
        one: `: ${to.name} ${option}${whom} ${values.text}`,
        general: `: ${to.name} ${option} is another one for each`,
        from: values.from,
        to: values.to,
        details: [],
        places: this.#comparison.places(difference.path, old, next)
      }
    })
  }

  /** Why a plugin is gone whose entry is still there. */
  #why ({ name, entries }: ChainItem): string[] {
    const off = this.#next.config.plugins.find(entry => entry.name === name && !entry.enabled && entries.some(({ id }) => id === entry.id))
    return off === undefined ? [] : [`an entry of ${name} is still there, with \`enabled: false\``]
  }

  #onlyFor (side: Side, { entries }: ChainItem): string {
    const whom = entries.filter(entry => audienceOf(entry) !== null)
    return whom.length < entries.length ? '' : ` for ${whom.map(entry => this.#who(entry, side)).join(', ')}`
  }

  #who ({ consumer, consumer_group: group }: PluginEntry, side: Side): string {
    const found = side.config.consumers.find(({ id }) => id === consumer) ?? side.config.consumer_groups.find(({ id }) => id === group)
    return found === undefined ? 'somebody' : `${consumer === null ? 'group' : 'consumer'} ${side.nameOf(found)}`
  }

  #places (side: Side, { entries }: ChainItem): Draft['places'] {
    return entries.map(({ pointer }) => side.place(`${pointer}/name`))
  }
}

function byAudience ({ entries }: ChainItem, translate: (id: string) => string): Map<string, PluginEntry> {
  const found = new Map<string, PluginEntry>()
  for (const entry of entries) {
    const audience = audienceOf(entry)
    const key = audience === null ? '' : translate(audience)
    // the most specific comes first
    if (!found.has(key)) found.set(key, entry)
  }
  return found
}

function names (items: readonly ChainItem[]): string {
  return items.map(({ name }) => name).join(' and ')
}
