import { Type } from 'typebox'
import { closed, common, reference } from './common.ts'

/** One address of an upstream. */
export const Target = closed({
  ...common,
  target: Type.String({
    minLength: 1,
    description: 'Host name or IP address, with `:port` (8000 if it is left out); IPv6 in brackets. All addresses of a name are used.',
    examples: ['10.0.0.1:8080', 'users.internal']
  }),
  upstream: reference('upstream', 'name'),
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535, default: 100, description: 'Its share, beside the weights of the others; 0: no new requests.' })),
  failover: Type.Optional(Type.Boolean({ default: false, description: 'Used only while no other target can be, and by retries after all others.' }))
}, { description: 'One address of an upstream.' })
