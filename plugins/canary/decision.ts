import { createIdentifier, type FastifyRequest, type PluginGateway, Spread, unitOf } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Whether a request goes to the service that is tried out. */
export type Decision = (request: FastifyRequest) => boolean

/** What the options come to. */
export function createDecision (config: Config, gateway: Pick<PluginGateway, 'consumers' | 'now'>): Decision {
  const decide = byHash(config, gateway)
  const field = config.canary_by_header_name?.toLowerCase()
  if (field === undefined) return decide
  return request => {
    const word = request.headers[field]
    return word === 'always' || (word !== 'never' && decide(request))
  }
}

function byHash (config: Config, { consumers, now }: Pick<PluginGateway, 'consumers' | 'now'>): Decision {
  const { hash, steps } = config
  if (hash === 'allow' || hash === 'deny') {
    const wanted = new Set(config.groups)
    const isIn: Decision = ({ gateway: { consumer } }) => consumer !== null &&
      [...consumers.groupNames(consumer), ...consumers.aclGroups(consumer)].some(name => wanted.has(name))
    return hash === 'allow' ? isIn : request => !isIn(request)
  }
  const share = shareOf(config, now)
  if (hash === 'none') {
    const spread = new Spread()
    return () => spread.next() < share()
  }
  const identify = createIdentifier({ limit_by: hash, header_name: config.hash_header }, consumers)
  // whoever is there at one share is there at every higher one
  return request => Math.ceil(unitOf(identify(request)) * steps) <= Math.floor(share() * steps + 1e-9)
}

/** Share of all, from 0 to 1. */
function shareOf ({ percentage = 0, start, duration, steps }: Config, now: () => number): () => number {
  if (start === undefined) return () => percentage / 100
  return () => Math.floor(Math.min(1, Math.max(0, (now() / 1000 - start) / duration)) * steps) / steps
}
