import { GatewayError } from '../errors.ts'

/** Why a GraphQL request is refused; `extensions.code` of the error that the client gets. */
export type RefusalCode =
  | 'BAD_REQUEST'
  | 'BATCH_TOO_LARGE'
  | 'COST_LIMIT_EXCEEDED'
  | 'DOCUMENT_NOT_ALLOWED'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'INTROSPECTION_DISABLED'
  | 'LIMIT_EXCEEDED'
  | 'METHOD_NOT_ALLOWED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'RATE_LIMITED'
  | 'REQUEST_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'

/**
 * Refuses a GraphQL request, in words for GraphQL clients (`errors`, GraphQL specification section 7.1.2) and for all others
 * (`message`).
 *
 * @param status 400 and above: clients take a 200 for an answer of the service
 */
export function refuseGraphql (code: RefusalCode, status: number, message: string, headers?: Readonly<Record<string, string>>): GatewayError {
  return new GatewayError(`SP_GRAPHQL_${code.replace(/^GRAPHQL_/, '')}`, status, message, {
    body: { errors: [{ message, extensions: { code } }] },
    ...headers === undefined ? {} : { headers }
  })
}

/** What is not a GraphQL request that everybody reads in the same way. */
export function badRequest (message: string): GatewayError {
  return refuseGraphql('BAD_REQUEST', 400, message)
}
