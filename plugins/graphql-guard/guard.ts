import {
  argumentPaths, costOf, createQueryCost, type FastifyRequest, type FrontLimits, type GatewayError, graphqlFrontEnd, type GraphqlFrontEnd, type GraphqlRequest, keepDocumentList, type KnownDocuments, type OperationCost, type PluginGateway, refuseGraphql
} from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** What an entry does, for all of its scopes. */
export class Guard {
  readonly #config: Config
  readonly #frontEnd: GraphqlFrontEnd
  readonly #limits: FrontLimits
  readonly #cost: OperationCost
  readonly #documents: KnownDocuments | undefined

  private constructor (config: Config, gateway: PluginGateway, documents: KnownDocuments | undefined) {
    this.#config = config
    this.#frontEnd = graphqlFrontEnd(gateway)
    this.#documents = documents
    this.#limits = { maxBody: config.max_body, maxBatch: config.max_batch, multipart: config.multipart, websockets: config.websockets === 'pass', maxLength: config.max_length, maxTokens: config.max_tokens }
    const sizedBy = argumentPaths(config.size_arguments)
    this.#cost = createQueryCost({
      standard: { cost: config.field_cost, size: 1, sizedBy },
      fields: new Map(config.costs.map(({ field, cost = config.field_cost, size, size_arguments: own }) => [field, { cost, size, sizedBy: own === undefined ? sizedBy : argumentPaths(own) }]))
    })
  }

  static async create (config: Config, gateway: PluginGateway): Promise<Guard> {
    return new Guard(config, gateway, config.documents === undefined ? undefined : await keepDocumentList(gateway, config.documents))
  }

  /** By the head alone. @throws GatewayError */
  look (request: FastifyRequest): void {
    this.#frontEnd.look(request, this.#limits)
  }

  /** @throws GatewayError for what asks too much, or can't be read */
  judge (request: FastifyRequest): void {
    const asked = this.#frontEnd.read(request, this.#limits, this.#documents)
    if (asked === null) return
    const { log } = request.gateway
    const refusal = this.#documentRefusal(asked) ?? this.#shapeRefusal(asked) ?? this.#costRefusal(asked, log)
    if (refusal === null) return
    if (!this.#config.dry_run) throw refusal
    log['graphql_refusal'] = refusal.message
  }

  #documentRefusal ({ operations, sent }: GraphqlRequest): GatewayError | null {
    const { introspection, mutations_by_get: byGet, only_documents: only } = this.#config
    for (const { document, node, shape } of operations) {
      if (this.#documents !== undefined && only && !this.#documents.has(document.text)) return refuseGraphql('DOCUMENT_NOT_ALLOWED', 403, 'This document is not one of those that are allowed')
      if (!introspection && shape.introspects) return refuseGraphql('INTROSPECTION_DISABLED', 403, 'Clients can\'t ask about the schema')
      if (!byGet && sent.method !== 'POST' && node.operation !== 'query') {
        return refuseGraphql('METHOD_NOT_ALLOWED', 405, `A ${node.operation} is sent by POST`, { allow: 'POST' })
      }
    }
    return null
  }

  #shapeRefusal ({ operations }: GraphqlRequest): GatewayError | null {
    const { max_depth: maxDepth, max_aliases: maxAliases, max_directives: maxDirectives } = this.#config
    let depth = 0
    let aliases = 0
    let directives = 0
    for (const { shape } of operations) {
      depth = Math.max(depth, shape.depth)
      aliases += shape.aliases
      directives += shape.directives
    }
    if (depth > maxDepth) return tooMuch(`The operation is ${depth} fields deep, more than ${maxDepth}`)
    if (aliases > maxAliases) return tooMuch(`The request has ${aliases} aliases, more than ${maxAliases}`)
    return directives > maxDirectives ? tooMuch(`The request has ${directives} directives, more than ${maxDirectives}`) : null
  }

  #costRefusal ({ operations }: GraphqlRequest, log: Record<string, unknown>): GatewayError | null {
    const cost = costOf(this.#cost, operations)
    log['graphql_cost'] = cost
    // what is no number is no number below the limit
    return cost <= this.#config.max_cost ? null : refuseGraphql('COST_LIMIT_EXCEEDED', 400, `The request costs ${Math.ceil(cost)}, more than ${this.#config.max_cost}`)
  }
}

function tooMuch (message: string): GatewayError {
  return refuseGraphql('LIMIT_EXCEEDED', 400, message)
}
