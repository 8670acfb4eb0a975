/** Documents of all sorts, held against a reading that spreads fragments out by hand. */
import fc from 'fast-check'
import { type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql'
import t from 'tap'
import { Documents, parseDocument } from '../../src/graphql/documents.ts'
import type { Operation } from '../../src/graphql/front-end.ts'
import { readMessage } from '../../src/graphql/message.ts'
import { argumentPaths, createQueryCost } from '../../src/graphql/query-cost.ts'
import { GatewayError } from '../../src/plugin.ts'
import { holds } from '../helpers/holds.ts'

const RUNS = { numRuns: 150 }
const LIMITS = { maxBody: 100_000, maxBatch: 5, multipart: true, maxLength: 10_000, maxTokens: 2000 }
const codeOf = (error: unknown): string => error instanceof GatewayError ? error.code : `no refusal: ${String(error)}`

/** What a document asks for, the long way. */
function naive (text: string, variables: Readonly<Record<string, number>>): { depth: number, fields: number, aliases: number, directives: number, cost: number } {
  const document = parse(text)
  const fragments = new Map(document.definitions.filter((each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION).map(each => [each.name.value, each]))
  const operation = document.definitions.find((each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode
  const sum = { depth: 0, fields: 0, aliases: 0, directives: 0, cost: 0 }
  const times = (field: FieldNode): number => Math.max(1, ...(field.arguments ?? []).map(({ value }) => value.kind === Kind.VARIABLE ? variables[value.name.value] ?? 1 : value.kind === Kind.INT ? Number(value.value) : 1))
  function walk ({ selections }: SelectionSetNode, depth: number, factor: number): void {
    for (const selection of selections) {
      sum.directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value) as FragmentDefinitionNode
        sum.directives += fragment.directives?.length ?? 0
        walk(fragment.selectionSet, depth, factor)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, depth, factor)
      } else {
        sum.fields++
        sum.depth = Math.max(sum.depth, depth + 1)
        if (selection.alias !== undefined) sum.aliases++
        sum.cost += factor * (selection.selectionSet === undefined ? times(selection) : 1)
        if (selection.selectionSet !== undefined) walk(selection.selectionSet, depth + 1, factor * times(selection))
      }
    }
  }
  walk(operation.selectionSet, 0, 1)
  return sum
}

/** Selections that spread fragments of a higher number alone: no circle. */
function selections (fragment: number, most: number): fc.Arbitrary<string> {
  const { tree } = fc.letrec<{ tree: string, field: string, inline: string, spread: string }>(tie => ({
    tree: fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('field'), tie('field'), tie('inline'), tie('spread')), { minLength: 1, maxLength: 3 }).map(all => `{ ${all.join(' ')} }`),
    field: fc.tuple(fc.constantFrom('', 'x: '), fc.constantFrom('a', 'b', '__typename'), fc.constantFrom('', '(first: 3)', '(first: $n)', '(last: 2, first: 5)', '(other: 9)'), fc.constantFrom('', ' @skip(if: true)', ' @a @a'), fc.oneof({ maxDepth: 4 }, fc.constant(''), tie('tree'))).map(parts => parts.join('')),
    inline: fc.tuple(fc.constantFrom('...', '... on T', '... @a'), tie('tree')).map(parts => parts.join(' ')),
    spread: fragment < most ? fc.integer({ min: fragment + 1, max: most }).map(index => `...F${index}`) : fc.constant('leaf')
  }))
  return tree
}

const document = fc.tuple(selections(0, 4), selections(1, 4), selections(2, 4), selections(3, 4), selections(4, 4))
  .map(([operation, ...fragments]) => `query Q($n: Int = 4) ${operation} ${fragments.map((set, index) => `fragment F${index + 1} on T${index % 2 === 0 ? ' @a' : ''} ${set}`).join(' ')}`)

t.test('depth, fields, aliases, directives and cost are those of the document with its fragments spread out', async t => {
  const cost = createQueryCost({ standard: { cost: 1, size: 1, sizedBy: argumentPaths(['first', 'last']) }, fields: new Map() })
  holds(t, fc.property(document, fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }), (text, n) => {
    const parsed = parseDocument(text, 100_000)
    const node = parsed.node.definitions[0] as OperationDefinitionNode
    const variables = n === undefined ? {} : { n }
    const shape = parsed.shapes.get(node)
    const expected = naive(text.replaceAll('(other: 9)', ''), { n: n ?? 4 })
    const found = { depth: shape?.depth, fields: shape?.fields, aliases: shape?.aliases, directives: shape?.directives, cost: cost.of({ document: parsed, node, variables, shape, id: null } as Operation) }
    t.same(found, expected, text)
    // once more, from what is remembered
    return cost.of({ document: parsed, node, variables, shape, id: null } as Operation) === expected.cost
  }), RUNS)
})

t.test('whatever comes for a document is read or refused, and refusals are about the request', async () => {
  const piece = fc.constantFrom('{', '}', '(', ')', '[', ']', ':', '...', '@', '$', '!', '=', '|', '&', '"', '"""', '\\', '#', '\n', ' on ', ' fragment ', ' query ', ' mutation ', 'a', 'F1', '1', '-', '1e9', ' ', '\u0000', '\ud800', '\ufeff')
  const mutated = fc.tuple(document, fc.array(fc.tuple(fc.nat(), fc.nat(4), piece), { maxLength: 4 })).map(([text, edits]) => {
    let changed = text
    for (const [at, cut, add] of edits) changed = changed.slice(0, at % changed.length) + add + changed.slice(at % changed.length + cut)
    return changed
  })
  holds(t, fc.property(fc.oneof(mutated, fc.array(piece, { maxLength: 60 }).map(pieces => pieces.join('')), fc.string({ unit: 'binary' })), text => {
    try {
      const { tokens, shapes } = parseDocument(text, 300)
      return tokens <= 300 && shapes.size > 0
    } catch (error) {
      return error instanceof GatewayError && error.statusCode === 400
    }
  }), { numRuns: 200 })
})

t.test('whatever comes for a request is read or refused', async t => {
  const member = fc.tuple(fc.constantFrom('query', 'Query', 'variables', 'operationName', 'extensions', 'id', 'documentId', 'x', '__proto__'), fc.oneof(fc.constant('{ a }'), fc.constant('{"n":1}'), fc.jsonValue(), fc.constant({ persistedQuery: { version: 1 } })))
  const body = fc.oneof(
    fc.array(member, { maxLength: 5 }).map(members => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`),
    fc.json(), fc.string({ unit: 'binary' }), fc.constant('--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ a }"}\r\n--b--\r\n')
  )
  const type = fc.constantFrom('application/json', 'application/graphql', 'multipart/form-data; boundary=b', 'application/json; charset=utf-8', 'text/plain', '')
  const query = fc.option(fc.oneof(fc.string(), fc.webQueryParameters(), fc.array(member, { maxLength: 3 }).map(pairs => pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))}`).join('&'))), { nil: null })
  holds(t, fc.property(fc.constantFrom('GET', 'POST', 'HEAD', 'PUT'), query, fc.option(body, { nil: null }), type, (method, query, text, contentType) => {
    const bytes = text === null || text === '' ? null : Buffer.from(text)
    try {
      const message = readMessage({ method, query, body: bytes, contentTypes: contentType === '' ? [] : [contentType], codings: [] }, LIMITS)
      return message !== null && message.operations.length > 0 && message.operations.every(one => (one.query ?? one.documentId ?? one.apqHash ?? '') !== '' || one.query === null)
    } catch (error) {
      if (!(error instanceof GatewayError)) t.fail(`${method} ${String(query)} ${contentType} ${String(text)}: ${String(error)}`)
      return error instanceof GatewayError && [400, 405, 413, 415].includes(error.statusCode)
    }
  }), { numRuns: 200 })
})

t.test('of two types, none counts', async t => {
  const sent = { method: 'POST', query: null, body: Buffer.from('{"query":"{ a }"}'), codings: [] }
  t.throws(() => readMessage({ ...sent, contentTypes: ['application/json', 'text/plain'] }, LIMITS), { code: 'SP_GRAPHQL_UNSUPPORTED_MEDIA_TYPE', statusCode: 415 })
  t.equal(readMessage({ ...sent, contentTypes: ['application/json'] }, LIMITS)?.operations.length, 1)
})

t.test('documents are remembered within bounds, the last that were asked for', async t => {
  const documents = new Documents()
  const limits = { maxLength: 100_000, maxTokens: 20_000 }
  const first = documents.read('{ a }', limits)
  t.equal(documents.read('{ a }', limits), first)
  for (let index = 0; index < 1999; index++) {
    documents.read(`{ a${index} }`, limits)
    if (index % 500 === 0) documents.read('{ a }', limits)
  }
  t.equal(documents.read('{ a }', limits), first, 'of two thousand it is one')
  for (let index = 0; index < 2000; index++) documents.read(`{ b${index} }`, limits)
  t.not(documents.read('{ a }', limits), first, 'it has made room')
  const large = documents.read(`{ ${'a '.repeat(15_000)} }`, limits)
  for (let index = 0; index < 7; index++) documents.read(`{ ${'a '.repeat(15_000 + index)} c }`, limits)
  t.not(documents.read(large.text, limits), large, 'tokens count, not documents alone')
  const long = documents.read(`{ l } #${'x'.repeat(90_000)}`, limits)
  for (let index = 0; index < 120; index++) documents.read(`{ l } #${'x'.repeat(90_000)}${index}`, limits)
  t.not(documents.read(long.text, limits), long, 'and what a comment weighs')
  documents.read(large.text, limits)
  t.throws(() => documents.read(large.text, { ...limits, maxTokens: 100 }), { code: 'SP_GRAPHQL_LIMIT_EXCEEDED' }, 'a smaller limit holds for what is remembered')
})

t.test('texts that clients name by their hash are remembered within bounds', async t => {
  const documents = new Documents()
  const { hashOf } = await import('../../src/graphql/documents.ts')
  const text = (index: number): string => `{ a${index} } #${'x'.repeat(1_000_000)}`
  for (let index = 0; index < 40; index++) documents.persist(hashOf(text(index)), text(index))
  t.equal(documents.find(hashOf(text(0))), undefined)
  t.equal(documents.find(hashOf(text(39))), text(39))
  t.throws(() => documents.persist(hashOf('a'), 'b'), { code: 'SP_GRAPHQL_BAD_REQUEST' })
})

t.test('seeds: what was found once', async t => {
  for (const [text, code] of [
    ['query Q { a } query Q { b }', 'SP_GRAPHQL_VALIDATION_FAILED'],
    ['', 'SP_GRAPHQL_PARSE_FAILED'],
    [`{ a(${'b: 1, '.repeat(50)}) }`, 'SP_GRAPHQL_LIMIT_EXCEEDED'],
    [`{ ${'... { '.repeat(300)} a ${'} '.repeat(300)} }`, 'SP_GRAPHQL_LIMIT_EXCEEDED'],
    ['directive @a on FIELD', 'SP_GRAPHQL_VALIDATION_FAILED'],
    ['{ a } extend type A { b: Int }', 'SP_GRAPHQL_VALIDATION_FAILED']
  ] as const) {
    let found = 'none'
    try {
      parseDocument(text, text.startsWith('{ a(') ? 100 : 20_000)
    } catch (error) {
      found = codeOf(error)
    }
    t.equal(found, code, text.slice(0, 60))
  }
})
