/** A configuration that can be handed out, and still be compared: secrets cut, each with a mark that changes when it does. */
import { createHmac } from 'node:crypto'
import { credentialSecrets, secretsIn } from '../config/lint/secrets.ts'
import type { Config, Pointer } from '../config/model.ts'
import type { Source } from '../config/source.ts'
import type { PluginRegistry } from '../plugins.ts'

/** What `GET /config` of the admin listener answers. */
export interface CutConfig {
  readonly version: 1
  /** As `Config`, with `***` for each secret. */
  readonly config: Config
  /** Fingerprints of what was cut, by JSON pointer into `config`. */
  readonly secrets: Readonly<Record<Pointer, string>>
  /** Of the fingerprints. */
  readonly salt: string
}

const cut = Symbol('fingerprint')

/** A secret that is not there. */
export interface Cut {
  readonly [cut]: string
}

export const CUT = '***'

/** Fields of credentials and certificates that are secrets, or hashes on which guesses can be tried. */
const FIELDS = [
  { within: '/credentials/jwt_secrets/', name: 'secret' },
  { within: '/credentials/hmacauth_credentials/', name: 'secret' },
  { within: '/credentials/basicauth_credentials/', name: 'password' },
  { within: '/credentials/keyauth_credentials/', name: 'digest' },
  { within: '/certificates/', name: 'key' }
] as const

/**
 * Tells whether a secret is another one, and no more: 16 bits are too few to confirm a guess by.
 *
 * @param salt random, of the process that cuts
 */
export function fingerprint (value: unknown, salt: string): string {
  return createHmac('sha256', salt).update(JSON.stringify(value)).digest('hex').slice(0, 4)
}

export function isCut (value: unknown): value is Cut {
  return typeof value === 'object' && value !== null && cut in value
}

export function fingerprintOf (value: Cut): string {
  return value[cut]
}

/** Cuts all secrets: of fields for them, and whatever came from a reference. */
export function cutConfig (config: Config, source: Source, registry: PluginRegistry, salt: string): CutConfig {
  const marked = new Set<Pointer>()
  for (const entry of config.plugins) {
    for (const { pointer } of secretsIn(entry.config, registry.get(entry.name)?.schema, `${entry.pointer}/config`)) marked.add(pointer)
  }
  for (const { pointer } of credentialSecrets(config, source)) marked.add(pointer)
  const secrets: Record<Pointer, string> = {}
  const isSecret = (at: Pointer, key: string, written: Pointer): boolean =>
    marked.has(written) || source.isSecret(written) || FIELDS.some(({ within, name }) => key === name && at.startsWith(within))
  /** `at` leads into the answer, `written` into the file. */
  const walk = (value: unknown, at: Pointer, written: Pointer, key: string): unknown => {
    if (value !== null && value !== undefined && isSecret(at, key, written)) {
      secrets[at] = fingerprint(value, salt)
      return CUT
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${at}/${index}`, isEntity(item) ? item.pointer : `${written}/${index}`, String(index)))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => {
      const step = name.replaceAll('~', '~0').replaceAll('/', '~1')
      return [name, walk(item, `${at}/${step}`, `${written}/${step}`, name)]
    }))
  }
  return { version: 1, config: walk(config, '', '', '') as Config, secrets, salt }
}

/** The other way: a configuration in which each secret that was cut is a {@link Cut}. */
export function withCuts ({ config, secrets }: CutConfig): Config {
  const walk = (value: unknown, at: Pointer): unknown => {
    const mark = Object.hasOwn(secrets, at) ? secrets[at] : undefined
    if (mark !== undefined) return { [cut]: mark }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${at}/${index}`))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)]))
  }
  return walk(config, '') as Config
}

function isEntity (value: unknown): value is { readonly pointer: Pointer } {
  return typeof value === 'object' && value !== null && typeof (value as { pointer?: unknown }).pointer === 'string'
}
