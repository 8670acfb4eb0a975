/** Entities, by Kong's names of their fields. */
import { Type } from 'typebox'
import { amount, closed, nullable, Place, Reference, text, truth, whole } from './common.ts'

const strings = Type.Array(Type.String())
const id = text('Of the entity.')
/** Of the file; null: it comes from a reference, and is not shown. Texts are `***` then. */
const number = nullable(Type.Integer())
const tags = Type.Array(Type.String(), { description: 'Labels.' })

export const ServiceView = Type.Object({
  id,
  name: nullable(Type.String()),
  protocol: Type.String(),
  host: text('A host, or the name of an upstream.'),
  port: number,
  path: nullable(Type.String()),
  enabled: Type.Boolean(),
  retries: number,
  connect_timeout: nullable(Type.Integer(), { description: 'Milliseconds, as all timeouts here.' }),
  write_timeout: number,
  read_timeout: number,
  tls_verify: Type.Boolean(),
  tags,
  upstream: nullable(Reference, { description: 'The upstream that `host` names; null: it is an address.' }),
  routes: whole('How many lead to it.'),
  circuit_breakers: Type.Array(closed({
    route: nullable(Type.String(), { description: 'Whose requests it guards; null: those of all routes.' }),
    target: nullable(Type.String(), { description: 'Origin; null: it is the whole service\'s.' }),
    state: Type.Enum(['closed', 'open', 'half-open'], { description: 'Of several processes, the one that lets the fewest through.' })
  }), { description: 'Those that have seen a request.' }),
  place: Place
}, { description: 'A service, with all fields of the file; null: it says nothing. What comes from a reference is `***`, numbers null.' })

/** Where an entry stands. */
const Scope = Type.Enum(['global', 'service', 'route', 'consumer', 'consumer_group'], { description: 'The most specific of what it stands at.' })

export const ChainItemView = closed({
  plugin: text('Name.'),
  priority: whole('Higher runs first.'),
  entries: Type.Array(closed({
    id,
    instance_name: nullable(Type.String()),
    scope: Scope,
    consumer: nullable(Reference, { description: 'For whom alone.' }),
    consumer_group: nullable(Reference),
    place: Place
  }), { description: 'Most specific first; one runs for a request.' })
}, { description: 'A plugin of a chain.' })

export const RouteView = Type.Object({
  id,
  name: nullable(Type.String()),
  protocols: strings,
  methods: nullable(strings),
  hosts: nullable(strings),
  paths: nullable(strings),
  headers: nullable(Type.Record(Type.String(), strings)),
  snis: nullable(strings),
  regex_priority: number,
  strip_path: Type.Boolean(),
  path_handling: Type.String(),
  preserve_host: Type.Boolean(),
  https_redirect_status_code: number,
  tags,
  service: nullable(Reference),
  upstream: nullable(Reference, { description: 'The upstream behind its service; null: there is none.' }),
  plugins: Type.Array(Type.String(), { description: 'Names of the plugins of its chain, in the order in which they run.' }),
  place: Place
}, { description: 'A route, with all fields of the file; null: it asks for nothing there.' })

export const RouteDetails = Type.Object({
  ...RouteView.properties,
  chain: Type.Array(ChainItemView, { description: 'What runs for its requests, in order.' })
}, { description: 'A route with its chain.' })

export const PluginView = closed({
  id,
  name: Type.String(),
  instance_name: nullable(Type.String()),
  scope: Scope,
  service: nullable(Reference),
  route: nullable(Reference),
  consumer: nullable(Reference),
  consumer_group: nullable(Reference),
  enabled: Type.Boolean(),
  protocols: strings,
  priority: whole('Higher runs first.'),
  tags,
  config: Type.Record(Type.String(), Type.Unknown(), { description: 'Its options, defaults filled in; secrets are `***`.' }),
  place: Place
}, { description: 'An entry.' })

export const ConsumerView = closed({
  id,
  username: nullable(Type.String()),
  custom_id: nullable(Type.String()),
  groups: Type.Array(Type.String(), { description: 'Names of its consumer groups.' }),
  acls: Type.Array(Type.String(), { description: 'Groups of the acl plugin.' }),
  credentials: Type.Record(Type.String(), Type.Integer(), { description: 'How many it has, by Kong\'s name of the collection.' }),
  tags,
  place: Place
}, { description: 'A consumer. What it proves itself with is not told.' })

const Health = Type.Enum(['HEALTHY', 'UNHEALTHY', 'MIXED', 'HEALTHCHECKS_OFF', 'DNS_ERROR'], {
  description: 'Kong\'s words. `MIXED`: processes or addresses differ. `DNS_ERROR`: no address is known. `HEALTHCHECKS_OFF`: nobody looks.'
})

export const UpstreamView = Type.Object({
  id,
  name: Type.String(),
  algorithm: Type.String(),
  hash_on: Type.String(),
  slots: number,
  tags,
  targets: whole('How many the file names.'),
  services: Type.Array(Reference, { description: 'That send requests to it.' }),
  health: Health,
  place: Place
}, { description: 'An upstream, with all fields of the file.' })

export const TargetView = closed({
  id,
  target: text('`host:port`, as the file names it.'),
  weight: nullable(Type.Integer(), { description: 'Share of the requests; 0: drained.' }),
  failover: truth('Used while no other one can be.'),
  upstream: Reference,
  tags,
  place: Place
}, { description: 'A target.' })

export const TargetHealthView = closed({
  ...TargetView.properties,
  health: Health,
  addresses: Type.Array(closed({
    ip: Type.String(),
    port: Type.Integer(),
    weight: amount('Of the address: that of its target, or of the SRV record.'),
    health: Health,
    unhealthy_in: whole('Processes that hold it for unhealthy.'),
    processes: whole('Processes that know it.'),
    circuit_breaker: nullable(Type.Enum(['closed', 'open', 'half-open']), { description: 'Of its services, the one that lets the fewest through; null: it has none.' }),
    connections: closed({ busy: Type.Integer(), idle: Type.Integer() }, { description: 'Connections of the gateway to it.' })
  }), { description: 'What the name stands for.' })
}, { description: 'A target and how it fares. A process sees targets of upstreams that services use.' })

export const CertificateView = closed({
  id,
  name: nullable(Type.String()),
  kind: Type.Enum(['certificate', 'ca_certificate']),
  snis: Type.Array(Type.String(), { description: 'Server names that lead to it.' }),
  subject: text('Distinguished name, its parts divided by `, `.'),
  issuer: Type.String(),
  subject_alternative_names: Type.Array(Type.String(), { description: '`DNS:example.com`, `IP Address:::1`.' }),
  serial_number: text('Hexadecimal.'),
  fingerprint_sha256: text('Of its DER: lower-case hex.'),
  not_before: text('ISO 8601.'),
  not_after: text('ISO 8601.'),
  days_left: whole('Whole days until it ends; negative: it has ended.'),
  tags,
  place: Place
}, { description: 'A certificate. Its key is not told.' })
