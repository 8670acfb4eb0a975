/** The configuration of a gateway that runs, as one side of a plan. */
import type { ComparableView } from '../../admin/api/types.ts'
import { tokenKey } from '../../admin/secret-hash.ts'
import { createValueCutter } from '../../config/cut-values.ts'
import type { Range } from '../../config/diagnostics.ts'
import type { Config, Entity, GatewaySettings, Pointer } from '../../config/model.ts'
import { split } from '../../config/pointer.ts'
import { overridden } from '../../config/validate/gateway.ts'
import type { BrandedPlugin } from '../../plugin.ts'
import type { LoadedPlugins } from '../../plugins.ts'
import type { PlanSource, SideInput } from '../side.ts'
import { restore } from './secrets.ts'

/** What a gateway gets at its start, and keeps. */
const FIXED = ['listen', 'admin', 'workers'] as const

/**
 * @param url that was asked
 * @param next what to compare with
 * @param token that the gateway has taken; null: it asked for none
 * @returns both sides, and what has to be known about the comparison
 */
export function runningSide (view: ComparableView, url: URL, next: SideInput, token: string | null): { old: SideInput, next: SideInput, notes: readonly string[] } {
  // flags of `start` win over any file
  const config: Config = { ...next.config, gateway: overridden(next.config.gateway, view.overrides) }
  const hashed = view.secrets.every(({ hash }) => hash !== null)
  const restored = restore(view, config, hashed && token !== null ? tokenKey(token) : null)
  const fixed = FIXED.filter(key => JSON.stringify(address(key, config.gateway)) !== JSON.stringify(address(key, restored.config.gateway)))
  return {
    old: { config: restored.config, source: sourceOf(view, restored.config, restored), plugins: pluginsOf(view, next.plugins), shown: 'running', title: url.origin },
    next: { ...next, config },
    notes: [
      `'running' is snapshot ${view.snapshot} of ${url.origin}; its lines are those of ${view.file}`,
      ...restored.unknown === 0 ? [] : [`secrets were not compared, ${restored.unknown} of them: the gateway has no gateway.admin.token to hash them with`],
      ...fixed.length === 0 ? [] : [`a reload would refuse the file, since ${fixed.map(key => `gateway.${key}`).join(' and ')} can't change while the gateway runs: restart it`]
    ]
  }
}

/** Of the admin listener, who may do what there can change. */
function address (key: typeof FIXED[number], settings: GatewaySettings): unknown {
  return key !== 'admin' || settings.admin === null ? settings[key] : [settings.admin.host, settings.admin.port]
}

/** Modules that the file doesn't name any more are known by what the gateway says of them. */
function pluginsOf (view: ComparableView, { registry, problems }: LoadedPlugins): LoadedPlugins {
  const gone = view.plugins.filter(({ name }) => !registry.has(name))
  return {
    registry: new Map([...registry, ...gone.map((plugin): [string, BrandedPlugin] => [plugin.name, plugin as unknown as BrandedPlugin])]),
    problems,
    modules: [view.plugins.map(({ name }) => name)]
  }
}

/** Names of entities in the order of `Source.describe`. */
const NAMES = ['name', 'username', 'custom_id', 'instance_name'] as const

function sourceOf (view: ComparableView, config: Config, { pointers, texts }: { readonly pointers: ReadonlySet<Pointer>, readonly texts: readonly string[] }): PlanSource {
  const entities = new Map<Pointer, Entity>()
  const { gateway: _, credentials, file: __, ...collections } = config
  for (const list of [...Object.values(collections), ...Object.values(credentials)] as ReadonlyArray<readonly Entity[]>) for (const entity of list) entities.set(entity.pointer, entity)
  const ttlOf = (pointer: Pointer): string | null | undefined => pointer.endsWith('/ttl') ? (entities.get(pointer.slice(0, -'/ttl'.length)) as { readonly ttl?: string | null } | undefined)?.ttl : undefined
  const isSecret = (pointer: Pointer): boolean => pointers.has(pointer)
  return {
    // beside what is said of the life of keys, the first lines of entities are known
    has: pointer => ttlOf(pointer) !== undefined,
    textOf: pointer => ttlOf(pointer) ?? undefined,
    isSecret,
    locate: pointer => range(nearest(view.places, pointer)),
    redact: createValueCutter(texts, '***'),
    describe (pointer) {
      let words = ''
      let at = ''
      for (const token of split(pointer)) {
        at += `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`
        const entity = entities.get(at) as (Entity & Readonly<Record<string, unknown>>) | undefined
        const name = entity === undefined ? undefined : NAMES.filter(key => !isSecret(`${at}/${key}`)).map(key => entity[key]).find(value => typeof value === 'string' && value !== '')
        if (/^\d+$/.test(token) && words !== '') words += `[${typeof name === 'string' ? name : token}]`
        else words += words === '' ? token : `.${token}`
      }
      return words
    }
  }
}

function nearest (places: ComparableView['places'], pointer: Pointer): readonly [number, number] {
  for (let end = pointer.length; end > 0; end = pointer.lastIndexOf('/', end - 1)) {
    const [line, column] = places[pointer.slice(0, end)] ?? []
    if (line !== undefined && column !== undefined) return [line, column]
  }
  return [1, 1]
}

function range ([line, column]: readonly [number, number]): Range {
  return { line, column, endLine: line, endColumn: column }
}
