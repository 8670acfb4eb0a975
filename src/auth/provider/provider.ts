import { createHash } from 'node:crypto'
import type { PluginGateway } from '../../plugin.ts'
import type { KeySource } from '../key-source.ts'
import { createProviderClock } from './clock.ts'
import { Discovery } from './discovery.ts'
import { type JsonAnswer, ProviderHttp } from './http.ts'
import { ProviderError } from './provider-error.ts'
import { RemoteKeys } from './remote-keys.ts'
import { shownUrl } from './url.ts'

export interface ProviderOptions {
  /** Where to discover what is not given. */
  readonly issuer?: string | undefined
  /** Where the key set is; without, the issuer is asked. */
  readonly jwksUri?: string | undefined
  /** Where tokens are introspected; without, the issuer is asked. */
  readonly introspectionUrl?: string | undefined
  /** Milliseconds for each request to the provider. */
  readonly timeout: number
  readonly allowInsecure: boolean
  /** Milliseconds between two fetches because of an unknown `kid`; default 30 s. */
  readonly cooldown?: number | undefined
  /** Milliseconds for which an idle connection stays open; default 4 s. */
  readonly keepAlive?: number | undefined
}

/** What of the gateway an identity provider needs. */
export type ProviderHost = Pick<PluginGateway, 'keep' | 'share' | 'log' | 'now' | 'outside'>

/** An identity provider: its connections, what it says about itself, and its keys. */
export class Provider {
  readonly http: ProviderHttp
  readonly #options: ProviderOptions
  readonly #host: Pick<PluginGateway, 'log' | 'now'>
  readonly #discovery: Discovery | null
  #keys: RemoteKeys | null = null

  constructor (options: ProviderOptions, { log, now, outside }: Pick<ProviderHost, 'log' | 'now' | 'outside'>) {
    const clock = createProviderClock(now)
    this.#options = options
    // nothing else of the gateway: this outlives the snapshot that it comes from
    this.#host = { log, now }
    this.http = new ProviderHttp({ clock, timeout: options.timeout, allowInsecure: options.allowInsecure, keepAlive: options.keepAlive, connector: outside?.connector('provider') })
    this.#discovery = options.issuer === undefined ? null : new Discovery(options.issuer, this.http, clock, options.allowInsecure)
  }

  /** The `iss` of its tokens; null where only addresses are configured. */
  get issuer (): string | null {
    return this.#discovery?.issuer ?? null
  }

  /** Its key set, fetched in the background from the first call on. */
  get keys (): KeySource {
    this.#keys ??= new RemoteKeys({
      name: shownUrl(this.#options.jwksUri ?? this.#options.issuer ?? ''),
      fetch: async () => await this.#fetchKeys(),
      clock: createProviderClock(this.#host.now),
      log: this.#host.log,
      ...(this.#options.cooldown === undefined ? {} : { cooldown: this.#options.cooldown })
    })
    return this.#keys
  }

  /** @throws ProviderError when the issuer can't be asked, or has none */
  async introspectionUrl (): Promise<string> {
    return this.#options.introspectionUrl ?? await this.#discover('introspection_endpoint')
  }

  /** What the issuer said is doubtful: it is asked again. */
  forget (): void {
    this.#discovery?.forget()
  }

  async close (): Promise<void> {
    this.#keys?.close()
    await this.http.close()
  }

  async #fetchKeys (): Promise<JsonAnswer> {
    const url = this.#options.jwksUri ?? await this.#discover('jwks_uri')
    try {
      return await this.http.get(url)
    } catch (error) {
      this.forget()
      throw error
    }
  }

  async #discover (name: 'jwks_uri' | 'introspection_endpoint'): Promise<string> {
    const url = (await this.#discovery?.metadata())?.[name] ?? null
    if (url === null) throw new ProviderError(`discovery: the issuer names no '${name}'`)
    return url
  }
}

/**
 * The provider with these options, one for all entries that name it, which lives on through reloads: its keys are in memory,
 * and its connections open.
 * Nothing is asked for yet but what `keys` asks for, and a provider that is down keeps no gateway from starting.
 */
export function keepProvider (gateway: ProviderHost, options: ProviderOptions): Provider {
  return gateway.share(keepKey('provider', options), () => new Provider(options, gateway), closeProvider)
}

/** A function of the module: one made beside the other would hold on to the gateway of its snapshot. */
async function closeProvider (provider: Provider): Promise<void> {
  await provider.close()
}

/**
 * The name of kept state that goes with its options: an entry that names another provider must not get the keys of the
 * old one. As a hash, since options hold secrets and names end up in logs.
 */
export function keepKey (kind: string, options: object): string {
  return `${kind}|${createHash('sha256').update(JSON.stringify(options)).digest('base64url')}`
}
