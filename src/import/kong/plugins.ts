import type { Item } from '../draft.ts'
import { isItem, texts } from '../structured.ts'
import type { KongContext } from '../kong.ts'
import { withdraw } from '../repair.ts'

/** Plugins of the paid edition whose options are those of a plugin that is there, or nearly. */
const RENAMED: Readonly<Record<string, string>> = {
  'key-auth-enc': 'key-auth',
  'proxy-cache-advanced': 'proxy-cache',
  'request-transformer-advanced': 'request-transformer',
  'response-transformer-advanced': 'response-transformer',
  'graphql-proxy-cache': 'graphql-proxy-cache-advanced'
}

/** Fields of an entry that say when or in which order it runs; without them it runs always. */
const LOST_FIELDS = ['run_on', 'ws_id'] as const

/** Old names of options, in all plugins that had them. */
const OLD_OPTIONS: Readonly<Record<string, string>> = { whitelist: 'allow', blacklist: 'deny' }

/** Translates one entry in its place. What stays wrong is found by `check` in the end. */
export function translatePlugin ({ draft, at }: KongContext, entry: Item, owner: Item): void {
  const name = String(entry['name'])
  for (const field of LOST_FIELDS) delete entry[field]
  const place = at(entry)
  const what = `plugins[${name}]`
  for (const field of ['condition', 'partials'] as const) {
    const value = entry[field]
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) delete entry[field]
    else {
      (owner['plugins'] as Item[]).splice((owner['plugins'] as Item[]).indexOf(entry), 1)
      withdraw(draft, { entry, owner, what, message: `\`${field}\` of an entry is not supported.`, place })
      return
    }
  }
  if (entry['ordering'] !== undefined) {
    if (entry['ordering'] !== null) draft.tell('changed', what, 'it runs in the order of priorities: `ordering` is not supported.', place, entry)
    delete entry['ordering']
  }
  const renamed = RENAMED[name]
  if (renamed !== undefined) {
    entry['name'] = renamed
    draft.tell('changed', what, `written as \`${renamed}\`.`, place, entry)
  }
  const config = entry['config']
  if (!isItem(config)) return
  for (const [old, now] of Object.entries(OLD_OPTIONS)) {
    if (!Object.hasOwn(config, old)) continue
    config[now] ??= config[old]
    delete config[old]
  }
  if (name === 'rate-limiting-advanced') advancedLimits(entry, config, () => draft.tell('changed', what, 'written as `rate-limiting`; windows slide as they do there.', place, entry))
  if (['rate-limiting', 'response-ratelimiting'].includes(String(entry['name']))) limits(config, message => draft.tell('changed', what, message, place, entry))
  if (name === 'graphql-rate-limiting-advanced') sharedCount(config, 'strategy', message => draft.tell('changed', what, message, place, entry))
  if (name === 'mtls-auth' || name === 'header-cert-auth') for (const option of QUESTIONS) delete config[option]
  if (name === 'cors' && texts(config['origins']).includes('*') && config['credentials'] === true) {
    config['credentials'] = false
    draft.tell('changed', what, '`credentials` for everybody is refused: name the origins, and set it to true again.', place, entry)
  }
}

/**
 * How Kong asks others about certificates, and remembers the answers; all of it stands in what decK writes, defaults included. That it
 * asks at all (`revocation_check_mode`) stays: `check` refuses what nobody does here.
 */
const QUESTIONS = ['http_timeout', 'http_proxy_host', 'http_proxy_port', 'https_proxy_host', 'https_proxy_port', 'cert_cache_ttl', 'cache_ttl', 'send_ca_dn']

const PERIODS: ReadonlyMap<number, string> = new Map([[1, 'second'], [60, 'minute'], [3600, 'hour'], [86_400, 'day'], [2_592_000, 'month'], [31_536_000, 'year']])

/** Only windows that have a name here are kept; an entry with others stays as it is, and `check` refuses it. */
function advancedLimits (entry: Item, config: Item, tell: () => void): void {
  const { limit, window_size: sizes, window_type: type, identifier, strategy, sync_rate: rate, namespace, dictionary_name: dictionary, lock_dictionary_name: locks, disable_penalty: penalty, retry_after_jitter_max: jitter, enforce_consumer_groups: enforce, consumer_groups: groups, hide_client_headers: hide, ...rest } = config
  const limits = Array.isArray(limit) ? limit : [limit]
  const windows = Array.isArray(sizes) ? sizes : [sizes]
  if (limits.length !== windows.length || !windows.every(size => PERIODS.has(Number(size))) || enforce === true) return
  const kept = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  entry['name'] = 'rate-limiting'
  entry['config'] = {
    ...kept,
    ...Object.fromEntries(windows.map((size, index) => [PERIODS.get(Number(size)), limits[index]])),
    ...(identifier === undefined || identifier === null ? {} : { limit_by: identifier }),
    window_type: type ?? 'sliding',
    policy: strategy === 'redis' ? 'redis' : 'local',
    ...(hide === undefined || hide === null ? {} : { hide_client_headers: hide })
  }
  tell()
}

/** Options of Redis before 3.8, and the policy that needs a database. */
function limits (config: Item, tell: (message: string) => void): void {
  const redis: Item = isItem(config['redis']) ? { ...config['redis'] } : {}
  let moved = false
  for (const key of Object.keys(config).filter(key => key.startsWith('redis_'))) {
    const value = config[key]
    delete config[key]
    if (value === null || value === undefined || value === '') continue
    redis[key.slice('redis_'.length)] ??= value
    moved = true
  }
  if (moved) {
    // Kong waited two seconds for Redis; what the file says stays
    config['redis'] = redis
    tell('options of Redis stand under `redis` now.')
  }
  sharedCount(config, 'policy', tell)
}

function sharedCount (config: Item, option: 'policy' | 'strategy', tell: (message: string) => void): void {
  if (config[option] === 'cluster') {
    config[option] = 'local'
    tell(`\`${option}: cluster\` needs a database: each gateway counts on its own now; \`redis\` shares the count.`)
  }
  // redis options beside a local policy mean nothing, and are refused
  if (config[option] !== 'redis') delete config['redis']
}
