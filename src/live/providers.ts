import type { PluginEntry, Pointer } from '../config/model.ts'
import { createClientAuth, type ClientAuthMethod } from '../auth/introspection/client-auth.ts'
import { createProviderClock } from '../auth/provider/clock.ts'
import { Discovery } from '../auth/provider/discovery.ts'
import { ProviderHttp } from '../auth/provider/http.ts'
import { KeySet } from '../auth/provider/key-set.ts'
import { ProviderError } from '../auth/provider/provider-error.ts'
import type { LiveProblem, Probe, ProbeContext } from './probe.ts'

/** Options of jwt, openid-connect and oauth2-introspection that name a provider. */
interface ProviderFields {
  readonly issuer?: string
  readonly issuers?: readonly ProviderFields[]
  readonly jwks_uri?: string
  readonly jwks_endpoint?: string
  readonly jwks?: unknown
  readonly jwks_file?: string
  readonly public_key?: string
  readonly secret?: string
  readonly allow_insecure?: boolean
}

interface ClientFields {
  readonly introspection_url?: string
  readonly introspection_endpoint?: string
  readonly introspection_endpoint_auth_method?: ClientAuthMethod
  readonly auth_methods?: readonly string[]
  readonly client_id?: string | readonly string[]
  readonly client_secret?: string | readonly string[]
  readonly client_private_key?: string
  readonly client_key_id?: string
  readonly authorization_value?: string
  readonly custom_introspection_headers?: Readonly<Record<string, string>>
}

/** Where there was no answer at all. */
const UNREACHED = 'Correct the address, or see that the provider is reached from here; its certificate has to be one that Node trusts.'

/** Documents, key sets and introspection of providers, asked as the gateway asks. */
export function * providerProbes (entry: PluginEntry): Generator<Probe> {
  const config = entry.config as ProviderFields & ClientFields
  const insecure = config.allow_insecure === true
  const at = `${entry.pointer}/config`
  if (entry.name !== 'oauth2-introspection') {
    const bearer = config.auth_methods?.includes('bearer') ?? true
    const issuers = config.issuers?.map((issuer, index) => ({ issuer, place: `${at}/issuers/${index}` })) ?? [{ issuer: config, place: at }]
    for (const { issuer, place } of bearer ? issuers : []) yield * keyProbes(issuer, place, insecure)
  }
  const asked = entry.name === 'oauth2-introspection' || (config.auth_methods?.includes('introspection') ?? false)
  if (asked) yield introspectionProbe(entry, config, insecure)
}

function * keyProbes (fields: ProviderFields, at: Pointer, insecure: boolean): Generator<Probe> {
  const uri = fields.jwks_uri ?? fields.jwks_endpoint
  if (uri !== undefined) {
    yield provider(`${at}/${fields.jwks_uri === undefined ? 'jwks_endpoint' : 'jwks_uri'}`, ['keys', uri, insecure], insecure, async http => await readKeys(http, uri))
    return
  }
  const { issuer } = fields
  if (issuer === undefined || fields.jwks !== undefined || fields.jwks_file !== undefined || fields.public_key !== undefined || fields.secret !== undefined) return
  yield provider(`${at}/issuer`, ['discovery', issuer, insecure], insecure, async (http, clock) => {
    const { jwks_uri: found } = await new Discovery(issuer, http, clock, insecure).metadata()
    return found === null ? [problem('the document of the issuer names no `jwks_uri`', 'Write `jwks_uri`.')] : await readKeys(http, found)
  })
}

/** Reads a key set as the gateway does: one without a key that can be used refuses every token. */
async function readKeys (http: ProviderHttp, uri: string): Promise<LiveProblem[]> {
  const { body } = await http.get(uri)
  if (!Array.isArray(body['keys'])) return [problem('what is answered is no key set', 'Write the address of a JSON Web Key Set.')]
  const { size, problems } = new KeySet(body, false)
  if (size > 0) return []
  const [{ reason, index } = { reason: '', index: 0 }] = problems
  return [problems.length === 0
    ? problem('the key set is empty: no token can be verified', 'Have the provider publish its keys.')
    : problem(`no key of the set can be used: no token can be verified; keys[${index}] ${reason}`, 'Have the provider publish public keys for signatures, or write the address where it does.')]
}

/** Asks about a token that nobody has: the provider has to say that it is not active, to this client. */
function introspectionProbe (entry: PluginEntry, config: ProviderFields & ClientFields, insecure: boolean): Probe {
  const given = config.introspection_url ?? config.introspection_endpoint
  const option = config.introspection_url !== undefined ? 'introspection_url' : given === undefined ? 'issuer' : 'introspection_endpoint'
  return provider(`${entry.pointer}/config/${option}`, ['introspection', config], insecure, async (http, clock) => {
    const endpoint = given ?? (await new Discovery(config.issuer ?? '', http, clock, insecure).metadata()).introspection_endpoint
    if (endpoint === null) return [problem('the document of the issuer names no `introspection_endpoint`', 'Write it into the file.')]
    const headers: Record<string, string> = { ...config.custom_introspection_headers }
    const form = new URLSearchParams({ token: 'sallyport-check' })
    if (config.authorization_value !== undefined) headers['authorization'] = config.authorization_value
    else if (config.client_id !== undefined) {
      createClientAuth({
        method: config.introspection_endpoint_auth_method ?? 'client_secret_basic',
        clientId: first(config.client_id) ?? '',
        secret: first(config.client_secret),
        privateKey: config.client_private_key,
        keyId: config.client_key_id,
        now: clock.now
      })({ headers, form }, config.issuer ?? endpoint)
    }
    const { body } = await http.post(endpoint, form, headers)
    return typeof body['active'] === 'boolean' ? [] : [problem('what is answered is no introspection (RFC 7662)', 'Write the address of the introspection endpoint.')]
  }, true)
}

/** The directory of an ACME server (RFC 8555 section 7.1.1). */
export function directoryProbe (pointer: Pointer, uri: string): Probe {
  return provider(pointer, ['acme', uri], true, async http => {
    const { body } = await http.get(uri)
    return typeof body['newOrder'] === 'string' ? [] : [problem('what is answered is no directory of an ACME server', 'Write the address of the directory.')]
  })
}

function provider (pointer: Pointer, key: readonly unknown[], insecure: boolean, ask: (http: ProviderHttp, clock: ReturnType<typeof createProviderClock>) => Promise<LiveProblem[]>, signsOn = false): Probe {
  return {
    key: JSON.stringify(key),
    pointer,
    async run ({ timeout }: ProbeContext) {
      const clock = createProviderClock(Date.now)
      const http = new ProviderHttp({ clock, timeout, allowInsecure: insecure })
      try {
        return await ask(http, clock)
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error
        return [problem(`this can't be used: ${error.message}`, mendOf(error, signsOn))]
      } finally {
        await http.close()
      }
    }
  }
}

/** @param signsOn the client of the file says who it is */
function mendOf (error: ProviderError, signsOn: boolean): string {
  // discovery has the error of its request as its cause
  const status = error.status ?? (error.cause instanceof ProviderError ? error.cause.status : null)
  if (error.message.includes('another issuer')) return 'Write `issuer` letter by letter as its document does, or the address of the right one.'
  if (status === null) return UNREACHED
  if (status === 200) return 'Correct the address: what answers there is a page for people, or another service.'
  if (status >= 300 && status < 400) return 'Write the address that it leads to.'
  if (status === 401 || status === 403) return signsOn ? 'Correct the credentials of the client.' : 'Write an address that is open to all: this one is asked without credentials.'
  return status === 404 ? 'Correct the address.' : 'Correct the address, or see in the log of the provider why it refuses.'
}

function problem (cause: string, mend: string): LiveProblem {
  return { rule: 'live-provider', cause, mend }
}

function first (value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
