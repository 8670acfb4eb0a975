import { locate } from '../../auth/provider/discovery.ts'
import type { Config } from '../../config/model.ts'
import type { PluginRegistry } from '../../plugins.ts'

/** An issuer that the file names. */
export interface NamedIssuer {
  /** As tokens say it. */
  readonly issuer: string
  /** Where its document is; null: it is no address. */
  readonly url: string | null
}

/** What the file says of providers: in options of plugins that authenticate, at whatever depth. */
export interface Issuers {
  readonly named: readonly NamedIssuer[]
  /** Names of `issuers_allowed`, with the issuer whose keys sign their tokens. */
  readonly aliases: ReadonlyMap<string, string>
  /** Addresses of key sets and of introspection, with the issuer that they are written beside. */
  readonly addresses: ReadonlyMap<string, string>
}

/** Names of options that hold addresses of a provider. */
const ADDRESSES = ['jwks_uri', 'jwks_endpoint', 'introspection_url', 'introspection_endpoint']

/** Finds every issuer of a configuration. */
export function issuersOf ({ plugins }: Config, registry: PluginRegistry): Issuers {
  const named = new Map<string, NamedIssuer>()
  const aliases = new Map<string, string>()
  const addresses = new Map<string, string>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const options = value as Readonly<Record<string, unknown>>
    if (typeof options['issuer'] === 'string') note(options['issuer'], options)
    for (const inner of Object.values(options)) look(inner)
  }
  const note = (text: string, options: Readonly<Record<string, unknown>>): void => {
    const { issuer, url } = URL.canParse(text) ? locate(text) : { issuer: text, url: null }
    if (!named.has(issuer)) named.set(issuer, { issuer, url: url === null ? null : new URL(url).href })
    for (const name of ADDRESSES) {
      const address = options[name]
      if (typeof address === 'string' && URL.canParse(address)) addresses.set(new URL(address).href, issuer)
    }
    const { issuers_allowed: allowed } = options
    if (Array.isArray(allowed)) for (const alias of allowed) aliases.set(String(alias), issuer)
  }
  for (const { name, config } of plugins) if (registry.get(name)?.authentication !== undefined) look(config)
  return { named: [...named.values()], aliases, addresses }
}
