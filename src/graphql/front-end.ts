import type { FastifyRequest } from 'fastify'
import { type OperationDefinitionNode, Kind } from 'graphql/language/index.js'
import { contextOf } from '../gateway/context-of.ts'
import type { PluginGateway } from '../plugin.ts'
import { type DocumentLimits, Documents, hashOf, type ParsedDocument } from './documents.ts'
import { type Message, type MessageLimits, mediaTypeOf, readMessage, type Sent, sentBy } from './message.ts'
import type { Parameters } from './members.ts'
import { badRequest, refuseGraphql } from './refusal.ts'
import type { Shape } from './shape.ts'
import { hasParameters } from './url-parameters.ts'

/** How a request may be read. */
export interface FrontLimits extends MessageLimits, DocumentLimits {
  /** Requests for a WebSocket pass, and nobody looks at what is asked through it. */
  readonly websockets: boolean
}

/** Documents that clients may name instead of sending them. */
export interface KnownDocuments {
  /** By the id that a client sends. */
  text (id: string): string | undefined
  /** Whether a text is one of them. */
  has (text: string): boolean
}

/** One operation that the service would execute. */
export interface Operation {
  readonly document: ParsedDocument
  readonly node: OperationDefinitionNode
  readonly shape: Shape
  readonly variables: Readonly<Record<string, unknown>>
  /** All else that was sent. */
  readonly others: Readonly<Record<string, unknown>> | null
  /** What the client named the document by; null: it sent it. */
  readonly id: string | null
}

export interface GraphqlRequest {
  /** At least one. */
  readonly operations: readonly Operation[]
  readonly batch: boolean
  /** How it was sent, as it goes up. */
  readonly sent: Sent
}

/** Where it is kept: on the root of the configuration that it reads for. */
const FRONT_END = Symbol('sallyport.graphql')

/**
 * Reads requests for all GraphQL plugins of a configuration: each request and each document once.
 *
 * Whatever a server might execute is either understood here or refused; nothing passes for being of another type, coding or
 * shape.
 */
export class GraphqlFrontEnd {
  readonly documents = new Documents()
  readonly #read = new WeakMap<FastifyRequest, { readonly sent: Sent, readonly asked: GraphqlRequest | null }>()

  /**
   * By the head alone: refuses what would be refused when its body is here.
   *
   * @throws GatewayError
   */
  look (request: FastifyRequest, { multipart, websockets }: Pick<FrontLimits, 'multipart' | 'websockets'>): void {
    const { gateway: { method, upstream } } = request
    if (!websockets && isTunnel(request)) throw noTunnel()
    if (method !== 'POST' || upstream === null) return
    mediaTypeOf({ contentTypes: upstream.headers.getAll('content-type'), codings: upstream.headers.getAll('content-encoding') }, multipart)
  }

  /**
   * Call it in the request phase, with the body held.
   *
   * @param known documents that clients may name
   * @returns null for a request that executes nothing
   * @throws GatewayError for what can't be read, or not in one way only
   */
  read (request: FastifyRequest, limits: FrontLimits, known?: KnownDocuments): GraphqlRequest | null {
    const sent = sentBy(request)
    const before = this.#read.get(request)
    if (before !== undefined && isSame(before.sent, sent)) return before.asked
    const message = this.#messageOf(request, sent, limits)
    const asked = message === null ? null : { operations: this.#operationsOf(message, limits, known), batch: message.batch, sent }
    this.#read.set(request, { sent, asked })
    return asked
  }

  #messageOf (request: FastifyRequest, sent: Sent, limits: FrontLimits): Message | null {
    if (isTunnel(request)) {
      if (!limits.websockets) throw noTunnel()
      // a server that doesn't switch may answer what the URL asks
      if (!hasParameters(sent.query)) return null
    }
    return readMessage(sent, limits)
  }

  #operationsOf ({ operations }: Message, limits: FrontLimits, known?: KnownDocuments): Operation[] {
    return operations.map(parameters => {
      const text = this.#textOf(parameters, known)
      const document = this.documents.read(text, limits)
      if (parameters.apqHash !== null && parameters.query !== null) this.documents.persist(parameters.apqHash, text)
      const node = operationNamed(document, parameters.operationName)
      return {
        document,
        node,
        shape: document.shapes.get(node) as Shape,
        variables: parameters.variables,
        others: parameters.others,
        id: parameters.query === null ? parameters.documentId ?? parameters.apqHash : null
      }
    })
  }

  #textOf ({ query, documentId, apqHash }: Parameters, known?: KnownDocuments): string {
    const named = documentId === null ? undefined : known?.text(documentId)
    if (documentId !== null && (named === undefined || apqHash !== null || (query !== null && query !== named))) {
      throw refuseGraphql('DOCUMENT_NOT_ALLOWED', 400, 'No document of this id is known')
    }
    if (query !== null) return query
    if (named !== undefined) return named
    if (apqHash === null) throw badRequest('The request has no query')
    const text = known?.text(apqHash) ?? this.documents.find(apqHash)
    // these words have clients send the text with the hash (Apollo's protocol); servers say 200 or 400
    if (text === undefined || hashOf(text) !== apqHash) throw notFound()
    return text
  }
}

/** The one that all plugins of a configuration share. */
export function graphqlFrontEnd ({ root }: Pick<PluginGateway, 'root'>): GraphqlFrontEnd {
  const place = root as unknown as { [FRONT_END]?: GraphqlFrontEnd }
  place[FRONT_END] ??= new GraphqlFrontEnd()
  return place[FRONT_END]
}

/** Whether it becomes a WebSocket, whatever its fields say. */
function isTunnel (request: FastifyRequest): boolean {
  return contextOf(request).upgrade !== null
}

function noTunnel (): Error {
  return refuseGraphql('METHOD_NOT_ALLOWED', 400, 'GraphQL over WebSockets is not served here')
}

function notFound (): Error {
  return refuseGraphql('PERSISTED_QUERY_NOT_FOUND', 400, 'PersistedQueryNotFound')
}

function operationNamed ({ node }: ParsedDocument, name: string | null): OperationDefinitionNode {
  let found: OperationDefinitionNode | undefined
  for (const definition of node.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || (name !== null && definition.name?.value !== name)) continue
    if (found !== undefined) throw badRequest('Of several operations, operationName chooses one')
    found = definition
  }
  if (found === undefined) throw badRequest('The document has no operation of this name')
  return found
}

function isSame (one: Sent, other: Sent): boolean {
  return one.body === other.body && one.query === other.query && one.method === other.method &&
    one.contentTypes.length === other.contentTypes.length && one.contentTypes[0] === other.contentTypes[0]
}
