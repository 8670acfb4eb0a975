import { type Static, Type } from '../../src/plugin.ts'

const milliseconds = { minimum: 1, maximum: 2147483646 }

export const UpstreamTimeout = Type.Object({
  connect_timeout: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Connect timeout',
    description: 'Milliseconds until the connection to the upstream stands; 504 after the last attempt.',
    examples: [500]
  })),
  send_timeout: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Send timeout',
    description: 'Milliseconds between two writes to the upstream.',
    examples: [5000]
  })),
  read_timeout: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Read timeout',
    description: 'Milliseconds between two reads from the upstream; the first is that of the head of its answer.',
    examples: [2000]
  })),
  total_timeout: Type.Optional(Type.Integer({
    ...milliseconds,
    title: 'Total timeout',
    description: 'Milliseconds from the request\'s arrival to the end of its answer, all attempts and the time in plugins included.',
    examples: [10000]
  }))
}, {
  title: 'upstream-timeout',
  description: 'Other time limits towards the upstream than those of the service, for some of its requests.',
  additionalProperties: false,
  minProperties: 1
})

export type Config = Static<typeof UpstreamTimeout>
