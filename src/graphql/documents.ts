import { createHash } from 'node:crypto'
// not the whole package, which takes five times as long to load
import { GraphQLError } from 'graphql/error/GraphQLError.js'
import { type DocumentNode, type FragmentDefinitionNode, type OperationDefinitionNode, parse } from 'graphql/language/index.js'
import { GatewayError } from '../errors.ts'
import { badRequest, refuseGraphql } from './refusal.ts'
import { fragmentsOf, type Shape, shapesOf } from './shape.ts'

/** A document that was read, with what is known of it whatever its variables are. */
export interface ParsedDocument {
  readonly text: string
  readonly node: DocumentNode
  readonly tokens: number
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly shapes: ReadonlyMap<OperationDefinitionNode, Shape>
  /** What others worked out of it, by who they are. */
  readonly notes: Map<object, unknown>
}

export interface DocumentLimits {
  /** Characters. */
  readonly maxLength: number
  readonly maxTokens: number
}

/** Documents are kept up to so many tokens in all: a token's share of a document takes some 200 bytes. */
const MOST_TOKENS = 100_000
const MOST_DOCUMENTS = 2000
/** Hashes of documents that clients may name: 64 MiB of text at most. */
const MOST_PERSISTED = 67_108_864

/** Reads each document once, and remembers those that were asked for last. */
export class Documents {
  // a Map looks for the text by its hash, and keeps the order in which texts came
  readonly #parsed = new Map<string, ParsedDocument>()
  readonly #persisted = new Map<string, string>()
  #tokens = 0
  #persistedSize = 0

  /** @throws GatewayError for what is too long, no GraphQL, or nothing that a server could execute */
  read (text: string, { maxLength, maxTokens }: DocumentLimits): ParsedDocument {
    if (text.length > maxLength) throw refuseGraphql('LIMIT_EXCEEDED', 400, `The document is longer than ${maxLength} characters`)
    const known = this.#parsed.get(text)
    if (known === undefined) return this.#add(parseDocument(text, maxTokens))
    if (known.tokens > maxTokens) throw tooManyTokens(maxTokens)
    this.#parsed.delete(text)
    this.#parsed.set(text, known)
    return known
  }

  /** Of Apollo's automatic persisted queries: what a client that knows the text has named so. */
  find (hash: string): string | undefined {
    return this.#persisted.get(hash)
  }

  /** @throws GatewayError where the hash is not that of the text */
  persist (hash: string, text: string): void {
    if (this.#persisted.get(hash) === text) return
    if (hashOf(text) !== hash) throw badRequest('The sha256Hash is not that of the query')
    this.#persisted.set(hash, text)
    this.#persistedSize += sizeOf(text)
    for (const [oldest, one] of this.#persisted) {
      if (this.#persistedSize <= MOST_PERSISTED) break
      this.#persisted.delete(oldest)
      this.#persistedSize -= sizeOf(one)
    }
  }

  #add (document: ParsedDocument): ParsedDocument {
    this.#parsed.set(document.text, document)
    this.#tokens += weightOf(document)
    for (const [oldest, one] of this.#parsed) {
      if (this.#tokens <= MOST_TOKENS && this.#parsed.size <= MOST_DOCUMENTS) break
      this.#parsed.delete(oldest)
      this.#tokens -= weightOf(one)
    }
    return document
  }
}

/** SHA-256 in hex: how persisted documents are named. */
export function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** In tokens; the text is kept as well, and comments and strings make it long for nothing. */
function weightOf ({ tokens, text }: ParsedDocument): number {
  return tokens + Math.ceil(text.length / 100)
}

function sizeOf (text: string): number {
  return 2 * text.length + 300
}

/** Reads a document that nobody remembers. @throws GatewayError as {@link Documents.read} does */
export function parseDocument (text: string, maxTokens: number): ParsedDocument {
  try {
    const node = parse(text, { noLocation: true, maxTokens })
    const fragments = fragmentsOf(node)
    return { text, node, tokens: node.tokenCount ?? maxTokens, fragments, shapes: shapesOf(node, fragments), notes: new Map() }
  } catch (error) {
    if (error instanceof GatewayError) throw error
    if (error instanceof GraphQLError) throw /token limit|more that \d+ tokens|more than \d+ tokens/i.test(error.message) ? tooManyTokens(maxTokens) : syntaxError(error)
    // the parser recurses: what ends it here would end others
    if (error instanceof RangeError) throw refuseGraphql('LIMIT_EXCEEDED', 400, 'The document is nested too deeply')
    throw error
  }
}

function tooManyTokens (most: number): GatewayError {
  return refuseGraphql('LIMIT_EXCEEDED', 400, `The document has more than ${most} tokens`)
}

/** The parser's own words quote the document: its place says as much. */
function syntaxError ({ locations }: GraphQLError): GatewayError {
  const [place] = locations ?? []
  return refuseGraphql('GRAPHQL_PARSE_FAILED', 400, `The document is not GraphQL${place === undefined ? '' : `, at line ${place.line}, column ${place.column}`}`)
}
