import { dirname, resolve as absolute } from 'node:path'
import type { LoadedPlugins } from '../../plugins.ts'
import type { Steps } from '../../steps.ts'
import type { BrandedPlugin, CheckContext, PluginScope } from '../../plugin.ts'
import type { RawEntity } from '../collect.ts'
import { pluginOwners, type EntityKind } from '../entities/kinds.ts'
import { deepFreeze } from '../freeze.ts'
import { nearest } from '../nearest.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import { referencesIn } from '../references/plugin-references.ts'
import type { Report } from '../report.ts'
import type { Resolved } from '../resolve/resolve.ts'
import type { Source } from '../source.ts'
import { createAjv, type ValidateFunction } from './ajv.ts'
import { scalarText, type Message, type SchemaPart } from './messages.ts'
import { dropNulls } from './nulls.ts'
import { sentence } from './sentence.ts'
import { translate } from './translate.ts'

type Config = Readonly<Record<string, unknown>>

/** What one check of all entries works with. */
export interface PluginChecks {
  readonly source: Source
  readonly report: Report
  readonly plugins: LoadedPlugins
  readonly resolved: Resolved
  /** Told of the files that checks read. */
  readonly reads: NonNullable<CheckContext['reads']>
}

/** Checks the plugin entries against the plugins themselves; gives each good entry's options, filled in and frozen. */
export function * checkPlugins (entities: readonly RawEntity[], checks: PluginChecks): Steps<Map<RawEntity, Config>> {
  const { source, report, plugins } = checks
  for (const { index, message, mend } of plugins.problems) report.at(source, `/gateway/modules/${index}`, { rule: 'bad-module', cause: message, mend: sentence(mend) })
  const configs = new Map<RawEntity, Config>()
  const validators = new Map<string, ValidateFunction | null>()
  for (const entity of entities) {
    if (entity.kind !== 'plugin' || typeof entity.fields !== 'object' || entity.fields === null) continue
    yield
    const definition = definitionOf(entity, checks)
    if (definition === undefined) continue
    checkScope(entity, definition, checks)
    checkProtocols(entity, checks)
    const config = checkConfig(entity, definition, validators, checks)
    if (config !== undefined) configs.set(entity, config)
  }
  return configs
}

function definitionOf (entity: RawEntity, { source, report, plugins }: PluginChecks): BrandedPlugin | undefined {
  const { name } = entity.fields
  if (typeof name !== 'string' || name === '') return undefined
  const definition = plugins.registry.get(name)
  // a module that didn't load may be the one that brings it
  if (definition !== undefined || plugins.problems.length > 0) return definition
  const at = join(entity.pointer, 'name')
  const guess = nearest(name, plugins.registry.keys()) ?? beginningAs(name, plugins.registry.keys())
  report.at(source, at, {
    rule: 'unknown-plugin',
    cause: `there is no plugin '${name}'`,
    mend: guess === undefined ? withoutGuess(name) : `Did you mean '${guess}'?`
  })
  return undefined
}

function withoutGuess (name: string): string {
  return /^(?:pre|post)-function$/.test(name)
    ? 'No Lua runs here: let other plugins do what it does, or write one in TypeScript (docs/plugins.md).'
    : 'Write the name of one that is there (`sallyport plugins` lists them), or name the module that brings it in `gateway.modules`.'
}

/** `ratelimit` is no typing error of `rate-limiting`, and means it; of two that begin so, the shorter one. */
function beginningAs (name: string, candidates: Iterable<string>): string | undefined {
  const letters = (text: string): string => text.toLowerCase().replace(/[^a-z\d]/g, '')
  const wanted = letters(name)
  if (wanted.length < 4) return undefined
  return [...candidates].filter(candidate => letters(candidate).startsWith(wanted)).sort((a, b) => a.length - b.length)[0]
}

function checkScope (entity: RawEntity, { name, scopes }: BrandedPlugin, { source, report, resolved }: PluginChecks): void {
  const found = resolved.owners.get(entity)
  if (found === undefined) return
  const levels = pluginOwners.filter(level => found[level] !== null)
  const list = scopes.join(', ')
  for (const level of levels) {
    // a consumer group stands for its consumers
    if (scopes.includes(level === 'consumer_group' ? 'consumer' : level)) continue
    const written = join(entity.pointer, level)
    report.at(source, source.has(written) ? written : join(entity.pointer, 'name'), {
      rule: 'plugin-scope',
      cause: `value must be null: '${name}' can't be configured for a ${level.replace('_', ' ')}`,
      mend: `Move the entry to one of its levels: ${list}.`
    })
  }
  const scoped = levels.length > 0 || entity.parent !== null || pluginOwners.some(key => entity.fields[key] !== undefined)
  if (!scoped && !scopes.includes('global' satisfies PluginScope)) {
    report.at(source, join(entity.pointer, 'name'), { rule: 'plugin-scope', cause: `'${name}' can't be configured globally`, mend: `Move the entry to one of its levels: ${list}.` })
  }
}

function checkProtocols (entity: RawEntity, { source, report }: PluginChecks): void {
  const { protocols } = entity.fields
  if (!Array.isArray(protocols) || protocols.length === 0 || protocols.includes('http') || protocols.includes('https')) return
  report.at(source, join(entity.pointer, 'protocols'), {
    rule: 'not-supported-yet',
    cause: 'none of these protocols is supported yet: the entry would never run',
    mend: 'Add http or https.'
  })
}

function checkConfig (entity: RawEntity, definition: BrandedPlugin, validators: Map<string, ValidateFunction | null>, checks: PluginChecks): Config | undefined {
  const { source, report } = checks
  const pointer = join(entity.pointer, 'config')
  const validate = validatorOf(definition, validators, entity, checks)
  if (validate === null) return undefined
  const config = entity.fields['config'] ?? {}
  dropNulls(config, definition.schema as SchemaPart)
  if (!validate(config)) {
    translate(validate.errors ?? [], source, report, { pointer, unknown: (key, parent) => parent === pointer ? refusedOption(definition, key) : undefined })
    return undefined
  }
  deepFreeze(config)
  checkReferences(definition, config as Config, pointer, checks)
  // a rule about options that go together would say of one that isn't known yet that it is missing
  if (!source.holdsBroken(pointer)) checkRules(definition, config as Config, pointer, checks)
  return config as Config
}

/** What is said of an option of Kong's that the plugin has left out. */
function refusedOption ({ name, refuses = {} }: BrandedPlugin, key: string): Message | undefined {
  if (!Object.hasOwn(refuses, key)) return undefined
  return { rule: 'plugin-config', cause: `'${name}' has no \`${key}\` here`, mend: sentence(refuses[key] as string) }
}

/** Words of `refersTo` that say: this is the name or the id of one. */
const NAMED: ReadonlySet<string> = new Set<EntityKind>(['ca_certificate', 'certificate', 'consumer', 'consumer_group', 'service'])

/** Options that name an entity must name one of the file, and no service that is off. */
function checkReferences (definition: BrandedPlugin, config: Config, pointer: Pointer, { resolved, report, source }: PluginChecks): void {
  for (const { to, value, path } of referencesIn(definition.schema, config)) {
    if (!NAMED.has(to)) continue
    const at = path.reduce<Pointer>(join, pointer)
    const found = resolved.index.resolve(value, to as EntityKind, at)
    if (to !== 'service' || found?.fields['enabled'] !== false) continue
    report.at(source, at, { rule: 'plugin-config', cause: `service '${scalarText(value)}' is off (\`enabled: false\`)`, mend: 'Switch it on, or name another one.' })
  }
}

/** Kept with the definitions: a reload compiles nothing anew, and a module that goes takes its function along. */
const compiled = new WeakMap<BrandedPlugin, ValidateFunction>()

/** null: the plugin's schema is none. */
function validatorOf (definition: BrandedPlugin, validators: Map<string, ValidateFunction | null>, entity: RawEntity, { source, report }: PluginChecks): ValidateFunction | null {
  const known = compiled.get(definition) ?? validators.get(definition.name)
  if (known !== undefined) return known
  let validate: ValidateFunction | null = null
  try {
    validate = createAjv().compile(definition.schema)
    compiled.set(definition, validate)
  } catch (error) {
    report.at(source, join(entity.pointer, 'name'), {
      rule: 'bad-module',
      cause: `the schema of the plugin '${definition.name}' doesn't compile: ${messageOf(error)}`,
      mend: 'Tell the author of the plugin.'
    })
  }
  validators.set(definition.name, validate)
  return validate
}

function checkRules (definition: BrandedPlugin, config: Config, pointer: Pointer, { source, report, reads }: PluginChecks): void {
  try {
    for (const { path, message, mend, severity = 'error' } of definition.check?.(config as never, { directory: dirname(absolute(source.file)), reads }) ?? []) {
      report.at(source, pointer + path, { rule: 'plugin-config', severity, cause: message, mend: sentence(mend) })
    }
  } catch (error) {
    report.at(source, pointer, { rule: 'bad-module', cause: `the check of the plugin '${definition.name}' failed: ${messageOf(error)}`, mend: 'Tell the author of the plugin.' })
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
