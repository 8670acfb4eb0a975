import { type Static, Type } from '../../src/plugin.ts'

export const OasValidator = Type.Object({
  spec_file: Type.String({
    title: 'Document',
    description: 'OpenAPI 3.0 or 3.1 document, YAML or JSON; relative names start at gateway.yaml. Read when the gateway starts and reloads.',
    minLength: 1,
    examples: ['openapi/orders.yaml']
  }),
  base_path: Type.Optional(Type.String({
    title: 'Base path',
    description: 'What stands before the document\'s paths in requests. Without it the paths of its servers.',
    pattern: '^/',
    examples: ['/v1']
  })),
  request: Type.Enum(['block', 'log', 'off'], {
    title: 'Requests',
    description: 'What becomes of requests that are not what the document says: refused, passed with a note in the access log, or not looked at.',
    default: 'block',
    examples: ['log']
  }),
  response: Type.Enum(['block', 'log', 'off'], {
    title: 'Answers',
    description: 'What becomes of answers of the service that are not: 502, passed with a note, or not looked at. JSON answers are held for it.',
    default: 'off',
    examples: ['log']
  }),
  unknown_operations: Type.Enum(['block', 'log', 'pass'], {
    title: 'Unknown operations',
    description: 'What becomes of requests that the document has no path or method for: 404 or 405, passed with a note, or passed.',
    default: 'block',
    examples: ['log']
  }),
  unknown_arguments: Type.Enum(['block', 'log', 'pass'], {
    title: 'Unknown arguments',
    description: 'What becomes of requests with query arguments that the operation doesn\'t have.',
    default: 'pass',
    examples: ['block']
  }),
  verbose_response: Type.Boolean({
    title: 'Verbose response',
    description: 'Tell the client what is wrong with its request: place, keyword and message of each error.',
    default: true,
    examples: [false]
  }),
  max_errors: Type.Integer({
    title: 'Errors',
    description: 'Errors that are told at most.',
    minimum: 1,
    maximum: 100,
    default: 10,
    examples: [1]
  }),
  max_depth: Type.Integer({
    title: 'Depth',
    description: 'Objects and lists inside of each other, in a JSON body; held against the text before it is parsed.',
    minimum: 1,
    maximum: 500,
    default: 32,
    examples: [8]
  }),
  max_members: Type.Integer({
    title: 'Members',
    description: 'Members of all objects of a JSON body together, or fields of a form; held against the text before it is parsed.',
    minimum: 1,
    default: 10_000,
    examples: [100]
  }),
  allow_duplicate_members: Type.Boolean({
    title: 'Duplicate members',
    description: 'Let a name stand twice in one object. The last counts here; a service that takes the first gets what nobody has validated.',
    default: false,
    examples: [true]
  })
}, {
  title: 'oas-validator',
  description: 'Refuses requests, and answers, that are not what an OpenAPI document says.',
  additionalProperties: false
})

export type Config = Static<typeof OasValidator>
