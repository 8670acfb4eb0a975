import type { TSchema } from 'typebox'
import { hasPassword } from '../cut-passwords.ts'
import { PASSWORD_HASH } from '../entities/credentials.ts'
import { entitySchemas } from '../entities/envelope.ts'
import { credentialKinds, kinds } from '../entities/kinds.ts'
import type { Config, Credentials, Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { Source } from '../source.ts'
import type { PluginRegistry } from '../../plugins.ts'
import { finish, type Steps } from '../../steps.ts'
import type { LintContext } from './context.ts'

/** Names of headers whose value is a credential: those that are known, and those that end in what says so. */
const NAME = '(?:proxy-)?authorization|cookie|x-honeycomb-team|(?:[a-z0-9]+-)*(?:api-?key|token|secret|password)'
/** As `Name: value` in the options of plugins. */
const CREDENTIAL = new RegExp(`^(?:${NAME})\\s*:\\s*(?=\\S)`, 'i')
const CREDENTIAL_NAME = new RegExp(`^(?:${NAME})$`, 'i')
/** Query arguments and fields of bodies that are credentials, as `name:value`. */
const ARGUMENT = /^(?:[\w-]*[_-])?(?:key|apikey|secret|password|token)\s*:\s*(?=\S)/i
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i

/** Secrets that stand in the file instead of in the environment. */
export function literalSecrets (context: LintContext): void {
  for (const entry of context.config.plugins) {
    const schema = context.plugins.registry.get(entry.name)?.schema
    for (const { pointer, name } of secretsIn(entry.config, schema, `${entry.pointer}/config`)) {
      if (!context.source.has(pointer) || context.source.isSecret(pointer)) continue
      context.warn(pointer, {
        rule: 'literal-secret',
        cause: `${name} is a secret, and stands here for all who can read the file`,
        mend: 'Put it into an environment variable, and write "{vault://env/NAME}" here.'
      })
    }
  }
}

/** Secrets of the gateway itself. */
export const GATEWAY_SECRETS: readonly Pointer[] = ['/gateway/admin/token', '/gateway/debug/secret']

/** Those that stand in the file. */
export function literalGatewaySecrets (context: LintContext): void {
  for (const pointer of GATEWAY_SECRETS) {
    if (!context.source.has(pointer) || context.source.isSecret(pointer)) continue
    context.warn(pointer, {
      rule: 'literal-secret',
      cause: `'${pointer.slice(pointer.lastIndexOf('/') + 1)}' is a secret, and stands here for all who can read the file`,
      mend: 'Put it into an environment variable, and write "{vault://env/NAME}" here.'
    })
  }
}

/** Credentials of consumers that stand in the file. */
export function literalCredentials (context: LintContext): void {
  for (const { pointer, name } of credentialSecrets(context.config, context.source)) {
    if (context.source.isSecret(pointer)) continue
    context.warn(pointer, {
      rule: 'literal-secret',
      cause: `'${name}' is a secret, and stands here for all who can read the file`,
      mend: HASHED[name] ?? 'Put it into an environment variable, and write "{vault://env/NAME}" here.'
    })
  }
}

/** Secrets that need not be known to be checked. */
const HASHED: Readonly<Record<string, string>> = {
  key: 'Write its SHA-256 as `hash` (`sallyport keys create` does), or put it into an environment variable, and write "{vault://env/NAME}" here.',
  password: 'Write its bcrypt or scrypt hash, or put it into an environment variable, and write "{vault://env/NAME}" here.'
}

/** Credentials in the fields that health checks send. */
export function * healthCheckSecrets ({ upstreams }: Pick<Config, 'upstreams'>): Generator<Secret> {
  for (const { pointer, healthchecks } of upstreams) yield * secretsIn(healthchecks, undefined, join(pointer, 'healthchecks'))
}

/** Where the file holds secrets of consumers. */
export function * credentialSecrets ({ credentials }: Pick<Config, 'credentials'>, source: Pick<Source, 'has' | 'textOf'>): Generator<Secret> {
  for (const kind of credentialKinds) {
    const names = Object.entries(entitySchemas[kind].properties).filter(([, schema]) => (schema as { secret?: unknown }).secret === true).map(([name]) => name)
    for (const { pointer } of credentials[kinds[kind].collection as keyof Credentials]) {
      for (const name of names) {
        const at = join(pointer, name)
        if (source.has(at) && !PASSWORD_HASH.test(source.textOf(at) ?? '')) yield { pointer: at, name }
      }
    }
  }
}

/** Where a configuration holds secrets, in fields that are for them; what came from references is known to the source alone. */
export function secretFields (config: Config, source: Pick<Source, 'has' | 'textOf'>, registry: PluginRegistry): Set<Pointer> {
  return finish(secretFieldSteps(config, source, registry))
}

/** The same, where requests wait. */
export function * secretFieldSteps (config: Config, source: Pick<Source, 'has' | 'textOf'>, registry: PluginRegistry): Steps<Set<Pointer>> {
  const found = new Set<Pointer>(GATEWAY_SECRETS)
  for (const { name, config: options, pointer: at } of config.plugins) {
    for (const { pointer } of secretsIn(options, registry.get(name)?.schema, `${at}/config`)) found.add(pointer)
    yield
  }
  for (const list of [credentialSecrets(config, source), healthCheckSecrets(config)]) {
    for (const { pointer } of list) {
      found.add(pointer)
      yield
    }
  }
  return found
}

interface Secret {
  readonly pointer: Pointer
  /** What it is, for the message. */
  readonly name: string
}

/** Walks a plugin's options beside their schema. */
export function * secretsIn (value: unknown, schema: TSchema | undefined, pointer: Pointer, key = ''): Generator<Secret> {
  if (typeof value === 'string') {
    if (value === '') return
    if (isSecretSchema(schema)) yield { pointer, name: `'${key}'` }
    else if (CREDENTIAL.test(value) && !isTemplate(value)) yield { pointer, name: `the value of the '${value.slice(0, value.indexOf(':')).trim()}' header` }
    else if ((key === 'querystring' || key === 'body') && ARGUMENT.test(value) && !isTemplate(value)) yield { pointer, name: `the value of the ${key === 'body' ? 'field of the body' : 'query argument'} '${value.slice(0, value.indexOf(':')).trim()}'` }
    else if (CREDENTIAL_NAME.test(key) && !isTemplate(value)) yield { pointer, name: `the value of '${key}'` }
    else if ((ADDRESS.test(value) && hasPassword(value))) yield { pointer, name: 'the password in this URL' }
    return
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield * secretsIn(item, childSchema(schema, index), join(pointer, index), key)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      // Their items are names of headers, not values.
      if (name === 'rename' || name === 'remove') continue
      yield * secretsIn(item, childSchema(schema, name), join(pointer, name), name)
    }
  }
}

/** `$(…)` is filled in per request. */
function isTemplate (value: string): boolean {
  return value.includes('$(')
}

interface SchemaParts {
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly patternProperties?: Readonly<Record<string, TSchema>>
  readonly additionalProperties?: TSchema | boolean
  readonly items?: TSchema
  readonly anyOf?: readonly TSchema[]
}

function isSecretSchema (schema: TSchema | undefined): boolean {
  const { secret, anyOf } = (schema ?? {}) as SchemaParts
  return secret === true || anyOf?.some(isSecretSchema) === true
}

function childSchema (schema: TSchema | undefined, key: string | number): TSchema | undefined {
  if (schema === undefined) return undefined
  const { properties, patternProperties, additionalProperties, items, anyOf } = schema as SchemaParts
  if (typeof key === 'number' && items !== undefined) return items
  const own = properties?.[key] ?? Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
  if (own !== undefined || anyOf === undefined) return own
  return anyOf.map(one => childSchema(one, key)).find(one => one !== undefined)
}
