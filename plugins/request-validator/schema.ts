import { JsonLimitOptions, MaxErrors, type Static, Type } from '../../src/plugin.ts'

const action = (title: string, what: string) => Type.Enum(['block', 'log', 'off'], {
  title,
  description: `What becomes of a request with ${what} that is wrong: refused, passed with a note in the access log, or not looked at.`,
  default: 'block',
  examples: ['log']
})

const Parameter = Type.Object({
  in: Type.Enum(['query', 'header', 'path', 'cookie'], {
    title: 'Place',
    description: 'Where the parameter stands. Those of the path are the named captures of the route\'s regex path.',
    examples: ['query']
  }),
  name: Type.String({
    title: 'Name',
    description: 'Name of the argument, header field, capture or cookie.',
    minLength: 1,
    examples: ['page']
  }),
  required: Type.Boolean({
    title: 'Required',
    description: 'Refuse requests without it.',
    default: false,
    examples: [true]
  }),
  style: Type.Optional(Type.Enum(['simple', 'label', 'matrix', 'form', 'spaceDelimited', 'pipeDelimited', 'deepObject'], {
    title: 'Style',
    description: 'How lists and objects are written, as in OpenAPI 3. Without it `form` for query and cookie, `simple` for path and header.',
    examples: ['pipeDelimited']
  })),
  explode: Type.Optional(Type.Boolean({
    title: 'Explode',
    description: 'Each item of a list, and each member of an object, is written for itself. Without it true for the style `form`, false for the others.',
    examples: [false]
  })),
  schema: Type.Optional(Type.Unknown({
    title: 'Schema',
    description: 'JSON Schema of the value, as YAML or as JSON in a text.',
    examples: [{ type: 'integer', minimum: 1 }]
  }))
}, {
  title: 'Parameter',
  description: 'One parameter.',
  additionalProperties: false,
  examples: [{ in: 'query', name: 'page', schema: { type: 'integer', minimum: 1 } }]
})

export const RequestValidator = Type.Object({
  body_schema: Type.Optional(Type.Unknown({
    title: 'Body schema',
    description: 'JSON Schema of the body, as YAML, or as JSON in a text as Kong has it. `$ref` may name files beside gateway.yaml. A list is Kong\'s own format.',
    examples: [{ type: 'object', required: ['email'], properties: { email: { type: 'string', format: 'email' } } }]
  })),
  parameter_schema: Type.Array(Parameter, {
    title: 'Parameters',
    description: 'Schemas of arguments, header fields, path captures and cookies.',
    default: [],
    examples: [[{ in: 'query', name: 'page', schema: { type: 'integer', minimum: 1 } }]]
  }),
  version: Type.Optional(Type.Enum(['kong', 'draft4', 'draft6', 'draft7', 'draft201909', 'draft202012'], {
    title: 'Version',
    description: 'Draft of JSON Schema. Without it what `$schema` of the body schema says, else `draft202012`; `kong` for a list.',
    examples: ['draft7']
  })),
  allowed_content_types: Type.Array(Type.String({
    title: 'Content type',
    description: 'A media type; `*` stands for all of its kind.',
    minLength: 1,
    examples: ['application/json']
  }), {
    title: 'Content types',
    description: 'Types that a body may have, with `body_schema`. JSON, `+json` and both kinds of forms are validated; another type passes only where it stands here without `*`, unvalidated.',
    minItems: 1,
    default: ['application/json'],
    examples: [['application/json', 'application/x-www-form-urlencoded']]
  }),
  content_type_parameter_validation: Type.Boolean({
    title: 'Content type parameters',
    description: 'The parameters of a Content-Type have to be those of the list. `charset=utf-8` and a boundary are always fine.',
    default: true,
    examples: [false]
  }),
  verbose_response: Type.Boolean({
    title: 'Verbose response',
    description: 'Tell the client what is wrong: place, keyword and message of each error.',
    default: true,
    examples: [false]
  }),
  max_errors: MaxErrors,
  actions: Type.Object({
    body: action('Body', 'a body'),
    query: action('Query', 'a query argument'),
    path: action('Path', 'a capture of the path'),
    header: action('Headers', 'a header field'),
    cookie: action('Cookies', 'a cookie')
  }, {
    title: 'Actions',
    description: 'What becomes of requests that are wrong, by part.',
    additionalProperties: false,
    default: {},
    examples: [{ body: 'log' }]
  }),
  ...JsonLimitOptions
}, {
  title: 'request-validator',
  description: 'Refuses requests whose body, arguments, headers, path or cookies are not what a JSON Schema says.',
  additionalProperties: false
})

export type Config = Static<typeof RequestValidator>
