import { Breaker } from '../provider/breaker.ts'
import { keepKey, keepProvider, type ProviderHost, type ProviderOptions } from '../provider/provider.ts'
import { shownUrl } from '../provider/url.ts'
import { createClientAuth, type ClientAuth, type ClientAuthOptions } from './client-auth.ts'
import { Introspector } from './introspector.ts'

export interface IntrospectionOptions {
  readonly provider: ProviderOptions
  /** How the gateway says who it is: as a client of the provider, or with an Authorization field as it stands. */
  readonly client: Omit<ClientAuthOptions, 'now'> | { readonly authorization: string }
  /** Fields of each request to the provider. */
  readonly headers: Readonly<Record<string, string>>
  readonly tokenTypeHint: string | undefined
  /** Milliseconds for which answers are remembered; 0: not at all. */
  readonly activeFor: number
  readonly inactiveFor: number
  /** How many answers of each kind. */
  readonly remember: number
  /** Failures in a row after which the provider is left alone, and for how many milliseconds. */
  readonly breaker: { readonly failures: number, readonly openFor: number }
}

/**
 * The introspector with these options, which lives on through reloads with what it remembers. Any other option makes
 * another one: what was learned with other credentials counts no more.
 *
 * @throws Error when the client's key is none
 */
export function keepIntrospector (gateway: ProviderHost, options: IntrospectionOptions): Introspector {
  const provider = keepProvider(gateway, options.provider)
  return gateway.keep(keepKey('introspector', options), () => create(gateway, options, provider))
}

function create ({ log, now }: ProviderHost, options: IntrospectionOptions, provider: ReturnType<typeof keepProvider>): Introspector {
  return new Introspector({
    name: shownUrl(options.provider.introspectionUrl ?? options.provider.issuer ?? ''),
    http: provider.http,
    endpoint: async () => await provider.introspectionUrl(),
    // what the specifications have come to: an assertion for the issuer, wherever it is shown
    audience: provider.issuer,
    clientAuth: authOf(options.client, now),
    headers: options.headers,
    tokenTypeHint: options.tokenTypeHint ?? null,
    activeFor: options.activeFor,
    inactiveFor: options.inactiveFor,
    remember: options.remember,
    breaker: new Breaker({ ...options.breaker, now }),
    log,
    now
  })
}

function authOf (client: IntrospectionOptions['client'], now: () => number): ClientAuth {
  if (!('authorization' in client)) return createClientAuth({ ...client, now })
  const { authorization } = client
  return ({ headers }) => { headers['authorization'] = authorization }
}
