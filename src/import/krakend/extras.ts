/** `extra_config` of an endpoint, a backend or the whole: components by name, each as entries. */
import { listOf, type Item, type Place } from '../draft.ts'
import { isItem, texts } from '../structured.ts'
import { circuitBreaker, clientLimit, proxyLimit, seconds } from './limits.ts'
import { addEntry, closeOwner, type Owner } from './owner.ts'
import { validator } from './validator.ts'

type Translate = (owner: Owner, config: Item, place: Place, name: string) => void

const HARMLESS = /^(?:telemetry\/|documentation\/|router$|backend\/http$|github\.com\/devopsfaith\/krakend-(?:gologging|opencensus|metrics|gelf|logstash|influx|xml)|server\/|generic-response$)/

const COMPONENTS: Readonly<Record<string, Translate>> = {
  'auth/validator': validator,
  'qos/ratelimit/router': clientLimit,
  'qos/ratelimit/service': clientLimit,
  'qos/ratelimit/proxy': proxyLimit,
  'qos/circuit-breaker': circuitBreaker,
  'qos/http-cache': cache,
  'security/cors': cors,
  'security/http': headers,
  'security/bot-detector': bots,
  'validation/json-schema': bodySchema,
  websocket: ({ draft, item, what }, _, place) => draft.tell('changed', `${what}.websocket`, 'WebSocket is tunnelled to the service as it is.', place, item)
}

/** Namespaces of versions before 2. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'github.com/devopsfaith/krakend-jose/validator': 'auth/validator',
  'github.com/devopsfaith/krakend-ratelimit/juju/router': 'qos/ratelimit/router',
  'github.com/devopsfaith/krakend-ratelimit/juju/proxy': 'qos/ratelimit/proxy',
  'github.com/devopsfaith/krakend-circuitbreaker/gobreaker': 'qos/circuit-breaker',
  'github.com/devopsfaith/krakend-httpcache': 'qos/http-cache',
  'github.com/devopsfaith/krakend-jsonschema': 'validation/json-schema',
  'github.com/devopsfaith/krakend-cors': 'security/cors',
  'github_com/devopsfaith/krakend-cors': 'security/cors',
  'github_com/devopsfaith/krakend-httpsecure': 'security/http',
  'github_com/devopsfaith/bot-detector': 'security/bot-detector'
}

/** What isn't known may protect: its owner is closed. */
export function applyExtras (owner: Owner, extra: unknown): void {
  if (!isItem(extra)) return
  for (const [written, config] of Object.entries(extra)) {
    const name = OLD_NAMES[written] ?? written
    if (HARMLESS.test(name)) continue
    const place = owner.at(written)
    const translate = COMPONENTS[name]
    if (translate !== undefined && isItem(config)) translate(owner, config, place, name)
    else closeOwner(owner, written, 'there is no such component here.', place)
  }
}

function cache (owner: Owner, _: Item, place: Place): void {
  const known = listOf(owner.item, 'plugins').some(({ name }) => name === 'proxy-cache')
  if (known) return
  const entry = addEntry(owner, 'proxy-cache', {})
  delete entry['config']
  owner.draft.tell('changed', `${owner.what}.qos/http-cache`, 'answers are kept as RFC 9111 says.', place, entry)
}

function bodySchema (owner: Owner, config: Item, place: Place): void {
  const entry = addEntry(owner, 'request-validator', { body_schema: config, ...typeof config['$schema'] === 'string' ? {} : { version: 'draft7' } })
  owner.draft.tell('changed', `${owner.what}.validation/json-schema`, 'bodies have to say `Content-Type: application/json`.', place, entry)
}

function cors (owner: Owner, config: Item, place: Place): void {
  const origins = texts(config['allow_origins'])
  const everybody = origins.length === 0 || origins.includes('*')
  const age = seconds(config['max_age'])
  const entry = addEntry(owner, 'cors', {
    origins: everybody ? ['*'] : origins,
    ...(config['allow_methods'] === undefined ? {} : { methods: texts(config['allow_methods']).map(method => method.toUpperCase()) }),
    ...(config['allow_headers'] === undefined || texts(config['allow_headers']).includes('*') ? {} : { headers: texts(config['allow_headers']) }),
    ...(config['expose_headers'] === undefined ? {} : { exposed_headers: texts(config['expose_headers']) }),
    ...(age === null || age === 0 ? {} : { max_age: age }),
    ...(config['allow_credentials'] === true && !everybody ? { credentials: true } : {})
  })
  owner.draft.tell('changed', `${owner.what}.security/cors`, everybody && config['allow_credentials'] === true ? 'credentials for every origin are refused: name the origins. Routes that shall answer preflights need OPTIONS in `methods`.' : 'routes that shall answer preflights need OPTIONS in `methods`.', place, entry)
}

function headers (owner: Owner, config: Item, place: Place): void {
  const { draft, item, what } = owner
  const fields: string[] = []
  if (config['content_type_nosniff'] === true) fields.push('X-Content-Type-Options: nosniff')
  if (config['frame_deny'] === true) fields.push('X-Frame-Options: DENY')
  else if (typeof config['custom_frame_options_value'] === 'string') fields.push(`X-Frame-Options: ${config['custom_frame_options_value']}`)
  if (typeof config['referrer_policy'] === 'string') fields.push(`Referrer-Policy: ${config['referrer_policy']}`)
  const age = Number(config['sts_seconds'] ?? 0)
  addEntry(owner, 'security-headers', {
    preset: 'none',
    hsts: age > 0 ? { max_age: age, include_subdomains: config['sts_include_subdomains'] === true } : { enabled: false },
    ...(typeof config['content_security_policy'] === 'string' ? { content_security_policy: config['content_security_policy'] } : {}),
    ...(fields.length === 0 ? {} : { headers: fields })
  })
  if (config['ssl_redirect'] === true) draft.tell('left_out', `${what}.security/http.ssl_redirect`, 'write `protocols: [https]` and `https_redirect_status_code` into the routes.', place, item)
}

function bots (owner: Owner, config: Item, place: Place): void {
  const exact = (list: unknown): string[] => texts(list).map(text => `^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`)
  addEntry(owner, 'bot-detection', {
    ...(config['allow'] === undefined ? {} : { allow: exact(config['allow']) }),
    deny: [...exact(config['deny']), ...texts(config['patterns']), ...(config['empty_user_agent_is_bot'] === true ? ['^$'] : [])]
  })
  owner.draft.tell('changed', `${owner.what}.security/bot-detector`, 'the built-in list of bots is refused as well.', place, owner.item)
}
