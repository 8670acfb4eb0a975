/** decK files and declarative configurations of Kong: mostly our own format, so what isn't known to differ stays as it is. */
import { differencesOf } from './kong/differences.ts'
import { translatePlugin } from './kong/plugins.ts'
import { translateRoute } from './kong/routes.ts'
import { translateService } from './kong/services.ts'
import { ImportError } from './import-error.ts'
import { Draft, listOf, type Item, type Place } from './draft.ts'
import type { ImportInput, Imported } from './importer.ts'
import { isItem, items, readStructured, type Structured } from './structured.ts'

const VERSIONS = ['1.1', '2.1', '3.0']

/** Tops that mean nothing without a control plane or a database. */
const MEANINGLESS: Readonly<Record<string, string>> = {
  _workspace: 'there is one workspace.',
  _konnect: 'there is no control plane.',
  workspaces: 'there is one workspace.',
  licenses: 'no licence is needed.',
  parameters: 'they belong to the database of Kong.',
  rbac_roles: 'there is no Admin API that they would guard.',
  rbac_endpoint_permissions: 'there is no Admin API that they would guard.',
  vaults: '`{vault://env/NAME}` needs no entry; references with another prefix have to be rewritten.',
  _plugins: 'it is no part of the format.'
}

/** What walks the whole file knows of it. */
export interface KongContext {
  readonly draft: Draft
  readonly source: Structured
  /** Before 3.0, paths are regexes by their looks. */
  readonly old: boolean
  readonly places: WeakMap<object, Place>
  at (item: object): Place
}

function isKongs (value: Item): boolean {
  return ['services', 'routes', 'consumers', 'upstreams', 'plugins'].some(name => Array.isArray(value[name]))
}

/** @throws {ImportError} for a text that isn't Kong's */
export function importKong ({ text, file }: ImportInput): Imported {
  const source = readStructured(text, file)
  const version = String(source.value['_format_version'] ?? '')
  const normal = /^\d$/.test(version) ? `${version}.0` : version
  if (!VERSIONS.includes(normal)) throw new ImportError(`${file}: ${version === '' ? `there is no \`_format_version\`${isKongs(source.value) ? ': write `_format_version: "3.0"` into the first line ("1.1" for a file of Kong before 3.0, whose paths may be regexes without ~)' : ', nor anything else of a declarative configuration of Kong'}` : `_format_version ${version} is not known; 1.1, 2.1 and 3.0 are`}.`)
  checkLists(source.value, [], source)
  const draft = new Draft()
  for (const text of source.plain) draft.plain.add(text)
  const places = new WeakMap<object, Place>()
  const context: KongContext = { draft, source, old: normal !== '3.0', places, at: item => places.get(item) ?? { file, line: null } }
  Object.assign(draft.file, structuredClone(source.value), { _format_version: '3.0' })
  places.set(draft.file, { file, line: 1 })
  placeAll(context, draft.file, [])
  dropTops(context)
  if (context.old) draft.tell('changed', `_format_version ${normal}`, 'paths follow the rules of 3.0 now: those that were regular expressions by their looks got a `~` in front.', source.at('_format_version'), draft.file)
  groupPlugins(context)
  walk(context)
  addListeners(context)
  return { draft, placeOf: context.at, head: [], differences: () => differencesOf(draft.file) }
}

/** Lists of entities that hold entities: what is something else there would be lost without a word. */
const LISTS = ['services', 'routes', 'plugins', 'consumers', 'consumer_groups', 'upstreams', 'targets', 'certificates', 'ca_certificates', 'consumer_group_plugins', 'keyauth_credentials', 'keyauth_enc_credentials']

function checkLists (owner: Item, path: ReadonlyArray<string | number>, source: Structured): void {
  for (const name of LISTS) {
    const list = owner[name]
    if (list === undefined || list === null) continue
    const place = source.at(...path, name)
    if (!Array.isArray(list) || !list.every(isItem)) {
      // members of a consumer group may be names
      if (name === 'consumers' && path.length > 0) continue
      throw new ImportError(`${place.file}:${String(place.line)}: \`${name}\` is no list of objects.`)
    }
    list.forEach((item: Item, index) => checkLists(item, [...path, name, index], source))
  }
}

/** Remembers the line of every object, before anything moves. */
function placeAll ({ source, places }: KongContext, value: unknown, path: Array<string | number>): void {
  if (Array.isArray(value)) value.forEach((item, index) => placeAll({ source, places } as KongContext, item, [...path, index]))
  else if (isItem(value)) {
    if (path.length > 0) places.set(value, source.at(...path))
    for (const [key, inner] of Object.entries(value)) if (typeof inner === 'object' && inner !== null) placeAll({ source, places } as KongContext, inner, [...path, key])
  }
}

/** What kong.conf says isn't in the file: certificates, and routes for https, need a listener that speaks TLS. */
function addListeners ({ draft, source, at }: KongContext): void {
  if (Object.hasOwn(draft.file, 'gateway')) return
  if (items(draft.file['certificates']).length > 0) {
    const gateway = { listen: [{ host: '0.0.0.0', port: 8000 }, { host: '0.0.0.0', port: 8443, tls: true }] }
    draft.file['gateway'] = gateway
    draft.tell('changed', 'certificates', 'the listeners are those that Kong has unless kong.conf (`proxy_listen`) says otherwise: 8000, and 8443 with TLS.', source.at('certificates'), gateway, 'listen')
    return
  }
  const routes = [draft.file, ...items(draft.file['services'])].flatMap(owner => items(owner['routes']))
  const secure = routes.find(({ protocols }) => Array.isArray(protocols) && protocols.includes('https') && !protocols.includes('http'))
  if (secure !== undefined) draft.tell('todo', `routes[${String(secure['name'] ?? routes.indexOf(secure))}]`, 'it is for https alone, and Kong makes a certificate by itself: add `certificates`, and a listener with `tls: true` (in Kong on 8443), or trust what speaks TLS in front (`gateway.trusted_ips`).', at(secure), secure, 'protocols')
}

function dropTops ({ draft, source }: KongContext): void {
  for (const [key, reason] of Object.entries(MEANINGLESS)) {
    if (!Object.hasOwn(draft.file, key)) continue
    delete draft.file[key]
    draft.tell(key === 'vaults' ? 'left_out' : 'changed', key, `not needed: ${reason}`, source.at(key), draft.file)
  }
  renameList(draft.file, 'keyauth_enc_credentials', 'keyauth_credentials')
}

function renameList (owner: Item, from: string, to: string): void {
  const list = items(owner[from])
  if (!Object.hasOwn(owner, from)) return
  delete owner[from]
  listOf(owner, to).push(...list)
}

/** Entries of consumer groups stand inside of their group here. */
function groupPlugins ({ draft, source, at }: KongContext): void {
  const list = items(draft.file['consumer_group_plugins'])
  delete draft.file['consumer_group_plugins']
  for (const [index, entry] of list.entries()) {
    const { consumer_group: reference, ...rest } = entry
    const name = isItem(reference) ? Object.values(reference)[0] : reference
    const group = items(draft.file['consumer_groups']).find(item => item['name'] === name || item['id'] === name)
    if (group === undefined) draft.close(draft.file, `consumer_group_plugins[${index}]`, 'its consumer group isn\'t there.', source.at('consumer_group_plugins', index))
    else listOf(group, 'plugins').push(rest)
    if (group !== undefined) draft.tell('changed', `consumer_group_plugins[${index}]`, 'moved into its consumer group.', at(entry), group)
  }
}

function walk (context: KongContext): void {
  const { draft } = context
  for (const service of [...items(draft.file['services'])]) {
    if (translateService(context, service)) walkRoutes(context, service)
  }
  walkRoutes(context, draft.file)
  for (const kind of ['consumers', 'consumer_groups']) {
    for (const owner of items(draft.file[kind])) {
      renameList(owner, 'keyauth_enc_credentials', 'keyauth_credentials')
      for (const list of Object.values(owner)) for (const inner of items(list)) delete inner['ws_id']
      delete owner['ws_id']
      translatePlugins(context, owner)
    }
  }
  for (const upstream of items(draft.file['upstreams'])) delete upstream['ws_id']
  // last: closing everything has to see all entries
  for (const service of items(draft.file['services'])) translatePlugins(context, service)
  for (const owner of [draft.file, ...items(draft.file['services'])]) for (const route of items(owner['routes'])) translatePlugins(context, route)
  translatePlugins(context, draft.file)
}

function walkRoutes (context: KongContext, owner: Item): void {
  const list = owner['routes']
  if (!Array.isArray(list)) return
  owner['routes'] = items(list).filter(route => translateRoute(context, route))
}

function translatePlugins (context: KongContext, owner: Item): void {
  const list = owner['plugins']
  if (!Array.isArray(list)) return
  for (const entry of [...items(list)]) translatePlugin(context, entry, owner)
}
