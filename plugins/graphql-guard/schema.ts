import { type Static, Type } from '../../src/plugin.ts'

const Limit = (title: string, description: string, standard: number, example: number, minimum = 0) =>
  Type.Integer({ title, description, minimum, default: standard, examples: [example] })
const Argument = Type.String({ title: 'Argument', description: 'Name of an argument; dots lead inside.', pattern: '^[A-Za-z_]\\w*(?:\\.[A-Za-z_]\\w*){0,7}$', examples: ['first'] })

export const GraphqlGuard = Type.Object({
  max_depth: Limit('Depth', 'Fields inside of each other, fragments spread out.', 10, 6, 1),
  max_cost: Limit('Cost', 'Cost of a request: of each field its own, and of what is inside of it as often as it gives things.', 5000, 1000, 1),
  max_aliases: Limit('Aliases', 'Aliases in a request, fragments spread out.', 20, 5),
  max_directives: Limit('Directives', 'Directives in a request, fragments spread out.', 50, 10),
  max_batch: Limit('Batch', 'Operations in one request; 0 and 1 allow no more than one, 0 not even in a list. All limits but `max_depth` are for a request as a whole.', 5, 1),
  max_tokens: Type.Integer({ title: 'Tokens', description: 'Tokens of a document: names, numbers, punctuation. The parser stops there.', minimum: 1, maximum: 20_000, default: 2000, examples: [500] }),
  max_length: Type.Integer({ title: 'Length', description: 'Characters of a document. A longer one isn\'t parsed.', minimum: 1, maximum: 1_048_576, default: 32_768, examples: [8192] }),
  max_body: Type.Integer({ title: 'Body', description: 'Bytes of a request\'s body, without the files of a form. A longer one isn\'t parsed.', minimum: 1, maximum: 8_388_608, default: 131_072, examples: [32_768] }),
  field_cost: Type.Number({ title: 'Cost of a field', description: 'What a field costs that is not in `costs`.', minimum: 0, maximum: 1_000_000, default: 1, examples: [0.1] }),
  size_arguments: Type.Array(Argument, {
    title: 'Arguments with sizes',
    description: 'Arguments that say how many things a field gives; the largest counts. Dots lead inside of an argument.',
    default: ['first', 'last', 'limit'],
    examples: [['first', 'page.size']]
  }),
  costs: Type.Array(Type.Object({
    field: Type.String({ title: 'Field', description: 'Name of a field, on whatever type.', pattern: '^[A-Za-z_]\\w*$', examples: ['search'] }),
    cost: Type.Optional(Type.Number({ title: 'Cost', description: 'What it costs. Default: `field_cost`.', minimum: 0, maximum: 1_000_000, examples: [20] })),
    size: Type.Integer({ title: 'Size', description: 'How many things it gives where no argument says so.', minimum: 1, maximum: 1_000_000, default: 1, examples: [50] }),
    size_arguments: Type.Optional(Type.Array(Argument, { title: 'Arguments with sizes', description: 'As above, for this field.', examples: [['perPage']] }))
  }, { title: 'Cost', description: 'Cost of a field.', additionalProperties: false, examples: [{ field: 'search', cost: 20 }] }), {
    title: 'Costs',
    description: 'Fields that cost more or less than others, or give many things without being told how many.',
    default: [],
    examples: [[{ field: 'search', cost: 20 }, { field: 'friends', size: 50 }]]
  }),
  introspection: Type.Boolean({ title: 'Introspection', description: 'Let clients ask about the schema: `__schema`, `__type`, and `_service` of a federated service.', default: false, examples: [true] }),
  mutations_by_get: Type.Boolean({ title: 'Mutations by GET', description: 'Let a GET change things. Other sites can have a browser send one.', default: false, examples: [false] }),
  websockets: Type.Enum(['refuse', 'pass'], {
    title: 'WebSockets',
    description: 'What becomes of a request for a WebSocket. `pass`: whatever is asked through it is not looked at.',
    default: 'refuse',
    examples: ['pass']
  }),
  multipart: Type.Boolean({ title: 'Forms with files', description: 'Take `multipart/form-data` with an `operations` part (GraphQL multipart request specification). It is a type that other sites can have a browser send.', default: false, examples: [true] }),
  documents: Type.Optional(Type.String({
    title: 'Documents',
    description: 'File with documents that clients may name by id (`documentId`, `extensions.persistedQuery`): a JSON object of texts by id, a list of texts, or Apollo\'s manifest. Read again when it changes.',
    minLength: 1,
    examples: ['persisted-documents.json']
  })),
  only_documents: Type.Boolean({ title: 'Only these', description: 'Refuse every document that isn\'t in `documents`.', default: true, examples: [false] }),
  dry_run: Type.Boolean({ title: 'Dry run', description: 'Refuse nothing for a limit; write `graphql_refusal` to the access log. What can\'t be read is refused all the same.', default: false, examples: [true] })
}, {
  title: 'graphql-guard',
  description: 'Bounds what a GraphQL request may ask for, and refuses what can\'t be read.',
  additionalProperties: false
})

export type Config = Static<typeof GraphqlGuard>
