import type { KeyObject } from 'node:crypto'
import {
  BadKey, createLocalKeys, invalidToken, keepProvider, keyFits, readLocalKeys, readPublicKey, readSecret, singleKey,
  type BearerError, type JwtAlgorithm, type JwtSecret, type KeySource, type Owner, type ParsedToken, type PluginGateway, type Static, type Trust
} from '../../src/plugin.ts'
import type { Jwt } from './schema.ts'

export type Config = Static<typeof Jwt>

/** Whom a token may come from, as far as one place of the configuration says it. */
export type KeyOptions = Pick<Config, 'issuer' | 'audience' | 'jwks_uri' | 'jwks' | 'jwks_file' | 'public_key' | 'secret' | 'algorithms'>

/** Options that name keys; one of them is enough, and one is all there may be. */
export const KEY_OPTIONS = ['jwks_uri', 'jwks', 'jwks_file', 'public_key', 'secret'] as const

/** Whose token it is. */
export interface TokenTrust extends Trust {
  /** null: its claims alone say who calls. */
  readonly owner: Owner | null
}

export type TrustFor = (token: ParsedToken) => TokenTrust | BearerError

/** Whether the keys are those of consumers (Kong's `jwt_secrets`): where no option names any. */
export function usesConsumerKeys (config: Config): boolean {
  return config.issuers === undefined && config.issuer === undefined && KEY_OPTIONS.every(name => config[name] === undefined)
}

/** Finds out whom a token says to come from. */
export async function createTrust (config: Config, gateway: PluginGateway): Promise<TrustFor> {
  if (usesConsumerKeys(config)) return trustConsumers(config, gateway)
  if (config.issuers === undefined) {
    const trust = await trustIssuer(config, config, gateway)
    return () => trust
  }
  const issuers = new Map<string, TokenTrust>()
  for (const one of config.issuers) {
    const trust = await trustIssuer(one, config, gateway)
    issuers.set(trust.issuer as string, trust)
  }
  return function trustByIssuer ({ claims }) {
    return issuers.get(claims['iss'] as string) ?? invalidToken('Invalid issuer', { iss: 'not the one expected' })
  }
}

async function trustIssuer (options: KeyOptions, config: Config, gateway: PluginGateway): Promise<TokenTrust> {
  const { keys, issuer } = await keysOf(options, config, gateway)
  const algorithms = options.algorithms ?? config.algorithms
  return {
    keys,
    issuer,
    audience: options.audience ?? config.audience ?? null,
    algorithms: algorithms === undefined ? null : new Set(algorithms),
    owner: null
  }
}

async function keysOf (options: KeyOptions, config: Config, gateway: PluginGateway): Promise<{ keys: KeySource, issuer: string | null }> {
  const { issuer = null, jwks_uri: jwksUri, jwks, jwks_file: file, public_key: pem, secret } = options
  if (jwks !== undefined) return { issuer, keys: createLocalKeys(jwks) }
  if (file !== undefined) return { issuer, keys: await readLocalKeys(gateway.directory, file) }
  if (pem !== undefined) return { issuer, keys: singleKey(readPublicKey(pem)) }
  if (secret !== undefined) return { issuer, keys: singleKey(readSecret(secret, config.secret_is_base64)) }
  const asked = { timeout: config.timeout, allowInsecure: config.allow_insecure }
  // with an address there is nothing to discover, and `iss` may be any text
  if (jwksUri !== undefined) return { issuer, keys: keepProvider(gateway, { jwksUri, ...asked }).keys }
  const provider = keepProvider(gateway, { issuer: options.issuer, ...asked })
  return { issuer: provider.issuer, keys: provider.keys }
}

/** Kong's way: a claim names a credential, and that has the key, the algorithm and the consumer. */
function trustConsumers (config: Config, { consumers }: PluginGateway): TrustFor {
  const { key_claim_name: name, secret_is_base64: base64 } = config
  const allowed = config.algorithms === undefined ? null : new Set<JwtAlgorithm>(config.algorithms)
  const known = new Map<JwtSecret, TokenTrust | null>()

  function trustCredential (secret: JwtSecret): TokenTrust | null {
    const { algorithm } = secret
    const key = keyOf(secret, base64)
    if (key === null || !keyFits(algorithm, key)) return null
    return {
      keys: singleKey(key, algorithm),
      issuer: null,
      audience: config.audience ?? null,
      algorithms: null,
      owner: { consumer: consumers.ownerOf(secret), credential: { id: secret.id, identifier: secret.key } }
    }
  }

  return function trustByCredential ({ claims, header }) {
    const value = Object.hasOwn(claims, name) ? claims[name] : Object.hasOwn(header, name) ? header[name] : undefined
    if (value === undefined || value === null) return invalidToken(`No mandatory '${name}' in claims`)
    if (typeof value !== 'string' || value === '') return invalidToken(`Invalid '${name}' in claims`)
    const secret = consumers.jwtSecret(value)
    if (secret === undefined) return invalidToken(`No credentials found for given '${name}'`)
    if (header.alg !== secret.algorithm || allowed?.has(header.alg) === false) return invalidToken('Invalid algorithm')
    let trust = known.get(secret)
    if (trust === undefined) {
      trust = trustCredential(secret)
      known.set(secret, trust)
    }
    return trust ?? invalidToken('Invalid key/secret')
  }
}

/** null: the loader took it, and yet it is none, such as a secret that is no base64. */
function keyOf ({ algorithm, secret, rsa_public_key: pem }: JwtSecret, base64: boolean): KeyObject | null {
  try {
    return algorithm.startsWith('HS') ? readSecret(secret ?? '', base64) : readPublicKey(pem ?? '')
  } catch (error) {
    if (error instanceof BadKey) return null
    throw error
  }
}
