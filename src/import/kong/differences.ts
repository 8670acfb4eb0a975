/** What a translated file does in another way than under Kong, though it says the same: docs/kong-compatibility.md, for this file. */
import type { Item } from '../draft.ts'
import { isItem, items } from '../structured.ts'

type Options = Readonly<Record<string, unknown>>

interface Difference {
  readonly plugins: readonly string[]
  /** Whether an entry with these options shows it; without it, each does. */
  readonly shows?: (config: Options) => boolean
  readonly text: string
}

/** Differences of single plugins that a client, a service or a dashboard would notice. */
const DIFFERENCES: readonly Difference[] = [
  { plugins: ['rate-limiting'], shows: config => config['window_type'] === undefined, text: 'counts in sliding windows; `window_type: fixed` is Kong\'s way' },
  { plugins: ['rate-limiting'], shows: config => config['policy'] === 'redis' && config['fault_tolerant'] !== false && config['on_store_error'] === undefined, text: 'counts on its own while Redis is down, where Kong lets everybody pass; `on_store_error` says otherwise' },
  { plugins: ['key-auth', 'basic-auth', 'hmac-auth'], shows: config => config['hide_credentials'] === undefined, text: 'services don\'t get the credential; `hide_credentials: false` passes it on' },
  { plugins: ['jwt'], text: '`exp`, `nbf` and `iat` count wherever a token has them, give or take 30 seconds (`leeway`)' },
  { plugins: ['proxy-cache'], shows: config => config['cache_control'] === undefined, text: 'obeys Cache-Control and Vary, and stores nothing of authenticated callers unless the answer allows it' },
  { plugins: ['prometheus'], text: 'metrics are called `sallyport_*` and stand on the admin listener; `names: kong` brings Kong\'s names back' },
  { plugins: ['correlation-id'], shows: config => config['generator'] === undefined, text: 'ids are UUIDs of version 7; `generator: uuid#counter` is Kong\'s default' },
  { plugins: ['tcp-log', 'http-log'], shows: config => config['tls'] === true || String(config['http_endpoint'] ?? '').startsWith('https:'), text: 'the certificate of the log server is verified (`ssl_verify`)' },
  { plugins: ['opentelemetry'], shows: config => config['sampling_rate'] === undefined, text: 'traces 1 % of the requests, and those that fail (`sampling_rate`)' }
]

/** Sentences about what the file uses, in no order of weight; the last ones hold for every file. */
export function differencesOf (file: Item): string[] {
  const services = items(file['services'])
  const owners = [file, ...services, ...[file, ...services].flatMap(owner => items(owner['routes'])), ...items(file['consumers']), ...items(file['consumer_groups'])]
  const entries = owners.flatMap(owner => items(owner['plugins']))
  const checks = items(file['upstreams']).flatMap(({ healthchecks }) => isItem(healthchecks) ? [healthchecks] : [])
  return [
    ...DIFFERENCES.flatMap(({ plugins, shows, text }) => {
      const used = plugins.filter(name => entries.some(entry => entry['name'] === name && (shows?.(isItem(entry['config']) ? entry['config'] : {}) ?? true)))
      return used.length === 0 ? [] : [`${used.join(', ')}: ${text}`]
    }),
    ...services.some(isUnverified) ? ['services with https: their certificates are verified; `tls_verify: false` is Kong\'s default'] : [],
    ...checks.some(({ passive }) => isItem(passive)) ? ['passive health checks take out half of the targets at most (`max_ejection_percent`)'] : [],
    ...checks.some(({ active, passive }) => isItem(passive) && !isItem(active))
      ? ['a target that passive checks have taken out is tried again after 30 seconds; `recovery_interval: 0` is Kong\'s way']
      : [],
    'kong.conf is not read: ports, trusted addresses, workers and the log have their places in `gateway:` (docs/guides/from-kong.md)',
    'headers of the gateway are called `X-Sallyport-*`; `gateway.headers.names: kong` brings Kong\'s back'
  ]
}

function isUnverified (service: Item): boolean {
  const { url, protocol, tls_verify: verify } = service
  return verify === undefined && (protocol === 'https' || String(url ?? '').startsWith('https:'))
}
