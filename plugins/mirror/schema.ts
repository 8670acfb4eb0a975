import { HeaderName, type Static, Type } from '../../src/plugin.ts'

export const Mirror = Type.Object({
  service: Type.String({
    title: 'Service',
    description: 'Name or id of the service that gets the copies.',
    minLength: 1,
    refersTo: 'service',
    examples: ['users-next']
  }),
  percentage: Type.Number({
    title: 'Percentage',
    description: 'How many of the requests are copied, in percent.',
    minimum: 0,
    maximum: 100,
    default: 100,
    examples: [5, 0.1]
  }),
  methods: Type.Array(Type.String({ title: 'Method', description: 'A method, in capitals.', pattern: '^[A-Z]+$', examples: ['GET'] }), {
    title: 'Methods',
    description: 'Requests with these methods are copied.',
    minItems: 1,
    default: ['GET', 'HEAD'],
    examples: [['GET', 'HEAD', 'POST']]
  }),
  max_body: Type.Integer({
    title: 'Longest body',
    description: 'Bytes of a body that are kept for the copy. A request with a longer one is not copied.',
    minimum: 0,
    maximum: 67108864,
    default: 65536,
    examples: [1048576]
  }),
  concurrency: Type.Integer({
    title: 'Concurrency',
    description: 'Copies that may be under way at the same time; while there are as many, no request is copied.',
    minimum: 1,
    default: 100,
    examples: [20]
  }),
  timeout: Type.Integer({
    title: 'Timeout',
    description: 'Milliseconds that a copy may take, from the connection to the end of its answer.',
    minimum: 1,
    maximum: 2147483646,
    default: 5000,
    examples: [1000]
  }),
  preserve_host: Type.Boolean({
    title: 'Preserve Host',
    description: 'Whether copies have the Host of the request instead of that of their service.',
    default: false,
    examples: [true]
  }),
  identity: Type.Boolean({
    title: 'Identity',
    description: 'Whether copies have the header fields that say who calls (X-Consumer-* and the like).',
    default: true,
    examples: [false]
  }),
  remove_headers: Type.Array({ ...HeaderName, examples: ['authorization'] }, {
    title: 'Remove headers',
    description: 'Header fields that copies don\'t have.',
    default: ['authorization', 'cookie'],
    examples: [['authorization', 'cookie', 'x-api-key'], []]
  }),
  log: Type.Boolean({
    title: 'Log',
    description: 'Whether the access log says if a copy was begun: `mirror` is `sent`, or the reason why not, `busy` or `loop`.',
    default: false,
    examples: [true]
  })
}, {
  title: 'mirror',
  description: 'Sends copies of requests to another service, and throws the answers away.',
  additionalProperties: false
})

export type Config = Static<typeof Mirror>
