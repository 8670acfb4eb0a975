import { JsonLimitOptions, MaxErrors, type Static, Type } from '../../src/plugin.ts'

export const OasValidator = Type.Object({
  spec_file: Type.String({
    title: 'Document',
    description: 'OpenAPI 3.0, 3.1 or 3.2 document, YAML or JSON; relative names start at gateway.yaml. Read again, with what it refers to, when it changes.',
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
  max_errors: MaxErrors,
  ...JsonLimitOptions
}, {
  title: 'oas-validator',
  description: 'Refuses requests, and answers, that are not what an OpenAPI document says.',
  additionalProperties: false
})

export type Config = Static<typeof OasValidator>
