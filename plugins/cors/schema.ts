import { HeaderName, Type } from '../../src/plugin.ts'

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'] as const

export const Cors = Type.Object({
  origins: Type.Optional(Type.Array(Type.String({
    title: 'Origin',
    description: '`*`, an origin (`https://app.example.com`), or a regex for the whole of it.',
    pattern: '^[\\x21-\\x7e]+$',
    examples: ['https://app.example.com']
  }), {
    title: 'Origins',
    description: 'Whose pages may read answers: `*` for everybody, origins as `scheme://host[:port]`, and regexes, which always match from start to end; one without `:` is matched with the host alone. Without it everybody may.',
    minItems: 1,
    examples: [['https://app.example.com', 'https://[a-z0-9-]+\\.example\\.com']]
  })),
  methods: Type.Array(Type.Enum(METHODS, {
    title: 'Method',
    description: 'A method, in upper case.',
    examples: ['GET']
  }), {
    title: 'Methods',
    description: 'Methods that pages may use, for Access-Control-Allow-Methods.',
    default: [...METHODS],
    examples: [['GET', 'POST']]
  }),
  headers: Type.Optional(Type.Array(HeaderName, {
    title: 'Headers',
    description: 'Header fields that pages may send, for Access-Control-Allow-Headers. Without it, those that the preflight asks for.',
    examples: [['Authorization', 'Content-Type']]
  })),
  exposed_headers: Type.Optional(Type.Array(HeaderName, {
    title: 'Exposed headers',
    description: 'Header fields of answers that pages may read, for Access-Control-Expose-Headers, in place of those that the service names.',
    examples: [['X-RateLimit-Remaining-Minute']]
  })),
  max_age: Type.Optional(Type.Integer({
    title: 'Max age',
    description: 'Seconds for which browsers may remember a preflight; -1: they don\'t.',
    minimum: -1,
    examples: [3600]
  })),
  credentials: Type.Boolean({
    title: 'Credentials',
    description: 'Pages may send cookies and other credentials of their users. Only with `origins` that say whose.',
    default: false,
    examples: [true]
  }),
  private_network: Type.Boolean({
    title: 'Private network',
    description: 'Pages of public sites may call, where their browser asks whether they may call a private network.',
    default: false,
    examples: [true]
  }),
  preflight_continue: Type.Boolean({
    title: 'Preflight continue',
    description: 'Preflights go to the service, and its answer stays as it is.',
    default: false,
    examples: [true]
  }),
  allow_origin_absent: Type.Boolean({
    title: 'Allow origin absent',
    description: 'Put the fields on answers to requests without Origin, too.',
    default: true,
    examples: [false]
  })
}, {
  title: 'cors',
  description: 'Says which sites\' pages may call the API from a browser, and answers their preflights.',
  additionalProperties: false
})
