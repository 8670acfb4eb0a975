import type { FastifyRequest } from 'fastify'
import { type ClaimReader, compileClaimPath } from '../auth/claims.ts'
import type { Consumers } from '../consumers/consumers.ts'
import type { CheckFinding, GatewayRequest } from '../plugin.ts'
import { clientNetwork } from './client-network.ts'

/** Kong's words for what a limit is counted by, and four of our own. */
export type LimitBy = 'consumer' | 'credential' | 'ip' | 'service' | 'header' | 'path' | 'claim' | 'scope' | 'consumer-group'

export interface IdentifierOptions {
  readonly limit_by: LimitBy
  readonly header_name?: string | undefined
  readonly path?: string | undefined
  readonly claim_name?: string | readonly string[] | undefined
}

/** What a value of `limit_by` needs beside it. */
const NEEDS: Readonly<Partial<Record<LimitBy, 'header_name' | 'path' | 'claim_name'>>> = { header: 'header_name', path: 'path', claim: 'claim_name' }

/** What is wrong with options that say who shares a count. */
export function * identifierFindings (options: IdentifierOptions): Generator<CheckFinding> {
  const needed = NEEDS[options.limit_by]
  if (needed !== undefined && options[needed] === undefined) {
    yield { path: '/limit_by', message: `\`limit_by: ${options.limit_by}\` needs \`${needed}\``, mend: `Add \`${needed}\`.` }
  }
}

/** Whose counters a request is counted in. */
export type Identifier = (request: FastifyRequest) => string

/**
 * Kong's rules: what is missing falls back to the client's address. Each kind has a prefix of its own, so that nobody can
 * name, in a header say, the address of somebody else.
 */
export function createIdentifier ({ limit_by: by, header_name: header = '', path, claim_name: claim = [] }: IdentifierOptions, consumers: Consumers): Identifier {
  const readClaim = compileClaimPath(claim)
  const field = header.toLowerCase()
  function find ({ gateway, headers }: FastifyRequest): string | undefined {
    switch (by) {
      case 'ip': return undefined
      case 'consumer': return gateway.consumer !== null ? `consumer:${gateway.consumer.id}` : credentialOf(gateway)
      case 'credential': return credentialOf(gateway)
      case 'service': return gateway.service === null ? undefined : `service:${gateway.service.id}`
      case 'header': return headers[field] === undefined || headers[field] === '' ? undefined : `header:${String(headers[field])}`
      case 'path': return gateway.path === path ? `path:${path}` : undefined
      case 'claim': return claimOf(gateway, readClaim)
      case 'scope': return gateway.identity === null || gateway.identity.scopes.length === 0 ? undefined : `scope:${[...gateway.identity.scopes].sort().join(' ')}`
      case 'consumer-group': {
        const group = gateway.consumer === null ? undefined : [...consumers.groupNames(gateway.consumer)].sort()[0]
        return group === undefined ? undefined : `group:${group}`
      }
    }
  }
  return request => find(request) ?? `ip:${clientNetwork(request.gateway.clientIp)}`
}

function credentialOf ({ credential }: GatewayRequest): string | undefined {
  return credential === null ? undefined : `credential:${credential.id}`
}

function claimOf ({ identity }: GatewayRequest, read: ClaimReader): string | undefined {
  const value = identity?.claims == null ? undefined : read(identity.claims)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `claim:${value}` : undefined
}
