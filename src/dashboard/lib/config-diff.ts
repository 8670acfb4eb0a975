/** What differs between two resolved configurations, in words: `route orders, paths: [/a] → [/b]`. */
import type { ConfigView } from '../../admin/api/types.ts'

export interface Change {
  readonly kind: 'added' | 'removed' | 'changed'
  /** `route orders`, `plugin jwt of route orders`. */
  readonly what: string
  /** `config.minute`; '' for all of it. */
  readonly field: string
  readonly before: string
  readonly after: string
}

type Json = unknown
type Fields = Readonly<Record<string, Json>>

const ONE: Readonly<Record<string, string>> = {
  services: 'service',
  routes: 'route',
  plugins: 'plugin',
  consumers: 'consumer',
  consumer_groups: 'consumer group',
  upstreams: 'upstream',
  targets: 'target',
  certificates: 'certificate',
  ca_certificates: 'CA certificate',
  snis: 'SNI',
  keyauth_credentials: 'API key',
  jwt_secrets: 'JWT secret',
  basicauth_credentials: 'password',
  acls: 'ACL group'
}
/** Follow from other fields, or from where something stands. */
const SILENT = new Set(['id', 'pointer', 'place', 'created_at', 'updated_at'])
/** Characters of a value that are shown. */
const LONGEST = 120

export function configDiff (before: ConfigView, after: ConfigView): Change[] {
  const changes: Change[] = []
  compare(before.config, after.config, '', [], changes)
  return [...changes, ...secrets(before, after)]
}

function isFields (value: Json): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** By what an item of a list is known again in the other one. */
function nameOf (item: Fields, kind: string, i: number): string {
  const own = item['name'] ?? item['username'] ?? item['target'] ?? item['group'] ?? item['custom_id']
  const extra = [item['instance_name'], ...['route', 'service', 'consumer', 'consumer_group'].map(key => isFields(item[key]) ? item[key]['name'] ?? item[key]['id'] : item[key])].filter(part => typeof part === 'string')
  const name = typeof own === 'string' ? own : typeof item['id'] === 'string' ? item['id'] : `${kind} ${i + 1}`
  return kind === 'plugins' && extra.length > 0 ? `${name} (${extra.join(', ')})` : name
}

function compare (before: Json, after: Json, what: string, field: readonly string[], changes: Change[]): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return
  const name = field.at(-1) ?? ''
  if (isEntities(before, name) && isEntities(after, name)) {
    compareEntities(before, after, what, name, changes)
  } else if (isFields(before) && isFields(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (!SILENT.has(key)) compare(before[key], after[key], what, [...field, key], changes)
    }
  } else {
    changes.push({ kind: 'changed', what: what === '' ? 'gateway' : what, field: field.join('.'), before: print(before), after: print(after) })
  }
}

function isEntities (value: Json, name: string): value is readonly Fields[] {
  return name in ONE && Array.isArray(value) && value.every(isFields)
}

function compareEntities (before: readonly Fields[], after: readonly Fields[], what: string, list: string, changes: Change[]): void {
  const of = what === '' ? '' : ` of ${what}`
  const title = (name: string): string => `${ONE[list] ?? list} ${name}${of}`
  const index = (items: readonly Fields[]): Map<string, Fields> => {
    const map = new Map<string, Fields>()
    items.forEach((item, i) => {
      const name = nameOf(item, list, i)
      map.set(map.has(name) ? `${name} #${i + 1}` : name, item)
    })
    return map
  }
  const [old, now] = [index(before), index(after)]
  for (const name of old.keys()) if (!now.has(name)) changes.push({ kind: 'removed', what: title(name), field: '', before: '', after: '' })
  // of routes that are alike the first one wins
  const [first, then] = [[...old.keys()].filter(name => now.has(name)), [...now.keys()].filter(name => old.has(name))]
  const moved = list === 'routes' ? then.findIndex((name, i) => name !== first[i]) : -1
  if (moved !== -1) changes.push({ kind: 'changed', what: `order of the routes${of}`, field: '', before: first[moved] as string, after: then[moved] as string })
  for (const [name, item] of now) {
    const was = old.get(name)
    if (was === undefined) changes.push({ kind: 'added', what: title(name), field: '', before: '', after: '' })
    else compare(was, item, title(name), [], changes)
  }
}

/** Their values are cut: only that they differ can be told. */
function secrets (before: ConfigView, after: ConfigView): Change[] {
  const old = new Map(before.secrets.map(({ pointer, hash }) => [pointer, hash]))
  return after.secrets.filter(({ pointer, hash }) => old.has(pointer) && old.get(pointer) !== hash)
    .map(({ pointer }) => ({ kind: 'changed', what: 'secret', field: pointer.slice(1).replaceAll('/', '.'), before: '***', after: '*** (another one)' }))
}

function print (value: Json): string {
  if (value === undefined || value === null) return 'nothing'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
