import { AnonymousConsumer, HeaderName, Type } from '../../src/plugin.ts'

export const KeyAuth = Type.Object({
  key_names: Type.Array(HeaderName, {
    title: 'Key names',
    description: 'Names of the header field, query argument or body field that holds the key, tried in this order. Case matters in queries and bodies. Their values are cut in logs.',
    minItems: 1,
    default: ['apikey'],
    examples: [['x-api-key', 'apikey']]
  }),
  key_in_header: Type.Boolean({
    title: 'Key in header',
    description: 'Look for the key in header fields.',
    default: true,
    examples: [false]
  }),
  key_in_query: Type.Boolean({
    title: 'Key in query',
    description: 'Look for the key in the query. Addresses end up in logs and browser histories: set it to false where clients can send a header.',
    default: true,
    examples: [false]
  }),
  key_in_body: Type.Boolean({
    title: 'Key in body',
    description: 'Look for the key in forms, multipart forms and JSON objects, where neither header nor query has it. The body is held in memory for it, before the caller is known.',
    default: false,
    examples: [true]
  }),
  hide_credentials: Type.Boolean({
    title: 'Hide credentials',
    description: 'Remove the key from the request to the service.',
    default: true,
    examples: [false]
  }),
  run_on_preflight: Type.Boolean({
    title: 'Run on preflight',
    description: 'Ask for a key on OPTIONS requests, too. Browsers send none with a preflight.',
    default: true,
    examples: [false]
  }),
  realm: Type.Optional(Type.String({
    title: 'Realm',
    description: 'What the key is for; it stands in WWW-Authenticate.',
    pattern: '^[\\x20-\\x7e]+$',
    examples: ['partners']
  })),
  anonymous: AnonymousConsumer
}, {
  title: 'key-auth',
  description: 'Asks for the API key of a consumer.',
  additionalProperties: false
})
