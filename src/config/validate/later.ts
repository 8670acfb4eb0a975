import type { EntityKind } from '../entities/kinds.ts'

/** Where a key stands: at the top, in one of our blocks, or in an entity. */
export type Place = EntityKind | 'file' | 'info' | 'defaults' | 'listen'

interface Refusal {
  readonly rule: 'not-supported-yet' | 'not-supported'
  readonly cause: string
  readonly mend: string
}

const REMOVE = 'Remove it.'
const NO_CREDENTIALS = 'Remove it; requests can\'t be authenticated with it yet.'

const CREDENTIALS = ['oauth2_tokens', 'oauth2_authorization_codes', 'mtls_auth_credentials', 'keyauth_enc_credentials']

/** What Kong knows and Sallyport doesn't do: refused by name, never accepted and ignored. */
const LATER: Readonly<Record<Place, Readonly<Record<string, string>>>> = {
  file: {
    consumer_group_plugins: 'Write the entries as `plugins` inside of their consumer group.',
    vaults: 'Remove it; write \'{vault://env/NAME}\' for a variable of the environment.',
    keys: REMOVE,
    key_sets: REMOVE,
    ...all(CREDENTIALS, NO_CREDENTIALS),
    ...all(['workspaces', 'filter_chains', 'parameters', 'clustering_data_planes', 'acme_storage', 'sessions', 'session_metadatas',
      'ratelimiting_metrics', 'plugins_partials', 'partials', 'licenses', 'custom_entities', 'custom_plugins', 'cloned_plugins',
      'rbac_roles', 'rbac_users', 'rbac_role_entities', 'rbac_role_endpoints', 'service_packages',
      'degraphql_routes'], REMOVE),
    graphql_ratelimiting_advanced_cost_decoration: 'Write them as `costs` of the graphql-rate-limiting-advanced entry.'
  },
  info: { default_lookup_tags: 'Remove it, and write what the file refers to into the file.', lookup_tags: REMOVE, consumer_group_policy_overrides: REMOVE },
  defaults: { consumer_group: REMOVE },
  listen: { proxy_protocol: REMOVE },
  service: {
    tls_sans: REMOVE,
    filter_chains: REMOVE
  },
  route: {
    expression: 'Write paths, hosts, methods and headers instead.',
    priority: 'Write regex_priority, or paths that differ in length.',
    filter_chains: REMOVE
  },
  plugin: {
    ordering: 'Remove it; plugins run in the order of their priorities.',
    condition: 'Remove it; put the plugin on the routes that need it.',
    partials: 'Remove it; _plugin_configs and _config share options between entries.'
  },
  consumer: { ...all(CREDENTIALS, NO_CREDENTIALS), type: REMOVE },
  consumer_group: {},
  consumer_group_consumer: {},
  acl: {},
  jwt_secret: {},
  keyauth_credential: {},
  basicauth_credential: {},
  hmacauth_credential: {},
  oauth2_credential: {},
  upstream: {},
  target: {},
  certificate: { ...all(['cert_alt', 'key_alt'], 'Remove it, and write the ECDSA certificate as `cert`: Node shows one certificate to a name, and clients take ECDSA.'), passphrase: 'Remove it, and write the key without a passphrase, or by a reference.' },
  sni: {},
  ca_certificate: {}
}

const PROTOCOLS = ['grpc', 'grpcs', 'tcp', 'tls', 'tls_passthrough', 'udp', 'ws', 'wss']

/** decK's keys that have no meaning here. */
const NEVER: Readonly<Record<string, Refusal>> = {
  _konnect: { rule: 'not-supported', cause: '\'_konnect\' addresses a control plane of Konnect, and there is none here', mend: 'Remove it.' },
  _workspace: { rule: 'not-supported', cause: '\'_workspace\' names a workspace, and Sallyport has none: one file is one gateway', mend: 'Remove it.' }
}

/** Why a key that exists in Kong is refused; undefined for one that doesn't. */
export function refusedKey (place: Place, key: string): Refusal | undefined {
  if (place === 'file' && Object.hasOwn(NEVER, key)) return NEVER[key]
  const mend = Object.hasOwn(LATER[place], key) ? LATER[place][key] : undefined
  return mend === undefined ? undefined : { rule: 'not-supported-yet', cause: `'${key}' is not supported yet`, mend }
}

/** Why a value that Kong takes is refused; undefined for one that it doesn't. */
export function refusedProtocol (value: unknown): Refusal | undefined {
  if (typeof value !== 'string' || !PROTOCOLS.includes(value)) return undefined
  return { rule: 'not-supported-yet', cause: `the protocol '${value}' is not supported yet`, mend: 'Write http or https; WebSockets are part of http.' }
}

/** Why a kind of health checks that Kong has is refused; undefined for one that it hasn't. */
export function refusedCheck (value: unknown): Refusal | undefined {
  if (value !== 'grpc' && value !== 'grpcs') return undefined
  return { rule: 'not-supported-yet', cause: `health checks by ${value} are not supported yet`, mend: 'Write http, https or tcp.' }
}

function all (keys: readonly string[], mend: string): Record<string, string> {
  return Object.fromEntries(keys.map(key => [key, mend]))
}
