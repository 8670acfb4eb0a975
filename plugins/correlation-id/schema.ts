import { HeaderName, Type } from '../../src/plugin.ts'

export const CorrelationId = Type.Object({
  header_name: {
    ...HeaderName,
    title: 'Header',
    description: 'Request header that carries the id to the upstream, and back with `echo_downstream`.',
    default: 'Kong-Request-ID',
    examples: ['X-Request-ID']
  },
  generator: Type.Enum(['uuid', 'uuid#counter', 'tracker'], {
    title: 'Generator',
    description: 'How an id is made. `uuid`: a UUID of version 7, which sorts by time. `uuid#counter`: one UUID per process and entry, `#`, and a number that counts up from 1. `tracker`: server address, server port, process id, connection number, request number on the connection and time in seconds, joined with `-`.',
    default: 'uuid',
    examples: ['uuid#counter']
  }),
  echo_downstream: Type.Boolean({
    title: 'Echo downstream',
    description: 'Also send the id back to the client, on every answer.',
    default: false,
    examples: [true]
  })
}, {
  title: 'correlation-id',
  description: 'Gives every request an id that goes up to the service, into the log and, if wanted, back to the client.',
  additionalProperties: false
})
