import { HeaderName, Type } from '../../src/plugin.ts'

export const RequestTermination = Type.Object({
  preset: Type.Optional(Type.Enum(['maintenance'], {
    title: 'Preset',
    description: '`maintenance`: 503 with a message that says so, `Retry-After` of 300 seconds unless `retry_after` says otherwise, and `Cache-Control: no-store`.',
    examples: ['maintenance']
  })),
  status_code: Type.Integer({
    title: 'Status',
    description: 'Status of the answer. 1xx can\'t be the final answer of HTTP and is refused.',
    minimum: 200,
    maximum: 599,
    default: 503,
    examples: [403]
  }),
  message: Type.Optional(Type.String({
    title: 'Message',
    description: 'Answered as `{"message": …}`. Without it, 401, 404, 405, 500, 502 and 503 have a message of their own and other statuses an empty body. Not together with `body` or `content_type`.',
    examples: ['Closed until Monday']
  })),
  body: Type.Optional(Type.String({
    title: 'Body',
    description: 'Answered as it stands. Not together with `message` or `echo`.',
    examples: ['<h1>Closed until Monday</h1>']
  })),
  content_type: Type.Optional(Type.String({
    title: 'Content type',
    description: 'Content-Type of `body`; without it the answer has none.',
    pattern: '^[\\x20-\\x7e]+$',
    examples: ['text/html; charset=utf-8']
  })),
  echo: Type.Boolean({
    title: 'Echo',
    description: 'Answer with a JSON description of the request and of the route and service that it matched, for debugging. Not together with `body` or `content_type`.',
    default: false,
    examples: [true]
  }),
  retry_after: Type.Optional(Type.Integer({
    title: 'Retry after',
    description: 'Seconds after which clients may come again, for `Retry-After`.',
    minimum: 0,
    maximum: 31536000,
    examples: [600]
  })),
  except_ips: Type.Array(Type.String({
    title: 'Address or range',
    description: 'An address or a CIDR range, IPv4 or IPv6.',
    minLength: 1,
    examples: ['10.0.0.0/8']
  }), {
    title: 'Except addresses',
    description: 'Clients with these addresses pass: those who look whether it works again.',
    default: [],
    examples: [['10.0.0.0/8', '2001:db8::7']]
  }),
  trigger: Type.Optional({
    ...HeaderName,
    title: 'Trigger',
    description: 'Only answer requests that have a header or a query argument of this name, with any value; the others go on.',
    examples: ['x-maintenance']
  })
}, {
  title: 'request-termination',
  description: 'Answers by itself, so that the request never reaches the service.',
  additionalProperties: false
})
