import { Type } from 'typebox'
import { closed, common, nameOf, reference, set } from './common.ts'

/** Kong's names: exported files list all of them on every plugin. */
const PROTOCOLS = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp', 'ws', 'wss'] as const

/** One item of `plugins`. Its `config` is checked with the plugin's own schema. */
export const Plugin = closed({
  ...common,
  name: Type.String({ minLength: 1, description: 'Name of the plugin.' }),
  instance_name: nameOf('entry'),
  service: reference('service', 'name'),
  route: reference('route', 'name'),
  consumer: reference('consumer', 'username'),
  consumer_group: reference('consumer group', 'name'),
  config: Type.Optional(Type.Unknown({ description: 'Options of the plugin.' })),
  _config: Type.Optional(Type.String({ minLength: 1, description: 'Name of a block of `_plugin_configs` that this entry starts from.' })),
  protocols: Type.Optional(set(Type.Enum([...PROTOCOLS], { description: 'A protocol.' }), {
    minItems: 1,
    default: ['grpc', 'grpcs', 'http', 'https'],
    description: 'Protocols of requests that the entry applies to.'
  })),
  enabled: Type.Optional(Type.Boolean({ default: true, description: '`false` leaves the entry out.' }))
}, { description: 'An entry that configures a behaviour at global, service, route or consumer level.' })
