import { compileClaimPath, type Consumers, type GatewayRequest, type Static, wordsOf } from '../../src/plugin.ts'
import type { Acl } from './schema.ts'

type Config = Static<typeof Acl>

/** Groups of a caller, and the field that tells them to the service. */
export interface Groups {
  readonly names: readonly string[]
  readonly header: typeof CONSUMER_GROUPS | typeof AUTHENTICATED_GROUPS
}

const CONSUMER_GROUPS = 'X-Consumer-Groups'
const AUTHENTICATED_GROUPS = 'X-Authenticated-Groups'

/** Finds the groups of a caller; null where nobody says that there are any. */
export type GroupsOf = (gateway: GatewayRequest) => Groups | null

export function createGroupFinder (config: Config, consumers: Consumers): GroupsOf {
  return config.groups_from === undefined && config.groups_claim === undefined ? likeKong(config, consumers) : fromSources(config, consumers)
}

/** The consumer's, or the credential's where there is no consumer, no credential, or the file says so. */
function likeKong (config: Config, consumers: Consumers): GroupsOf {
  const always = config.always_use_authenticated_groups
  return function groupsOf ({ consumer, credential, identity }) {
    const authenticated = identity?.groups ?? null
    if (authenticated !== null && (consumer === null || credential === null || always)) return { names: authenticated, header: AUTHENTICATED_GROUPS }
    if (consumer === null) return null
    const names = config.include_consumer_groups ? [...consumers.aclGroups(consumer), ...consumers.groupNames(consumer)] : consumers.aclGroups(consumer)
    return names.length === 0 ? null : { names, header: CONSUMER_GROUPS }
  }
}

/** All that the named sources have, each group once. */
function fromSources ({ groups_from: sources = [], groups_claim: path, include_consumer_groups: included }: Config, consumers: Consumers): GroupsOf {
  const readClaim = path === undefined ? null : compileClaimPath(path)
  // a service that reads X-Consumer-Groups must not find there what a token says
  const header = readClaim === null && sources.every(source => source === 'consumer') ? CONSUMER_GROUPS : AUTHENTICATED_GROUPS
  return function groupsOf ({ consumer, identity }) {
    const names = new Set<string>()
    const add = (groups: readonly string[] | null | undefined): void => { for (const group of groups ?? []) names.add(group) }
    if (consumer !== null) {
      if (sources.includes('consumer')) add(consumers.aclGroups(consumer))
      if (included) add(consumers.groupNames(consumer))
    }
    if (sources.includes('authenticated')) add(identity?.groups)
    if (sources.includes('scopes')) add(identity?.scopes)
    if (sources.includes('roles')) add(identity?.roles)
    if (readClaim !== null && identity?.claims != null) add(wordsOf(readClaim(identity.claims)))
    return names.size === 0 ? null : { names: [...names], header }
  }
}
