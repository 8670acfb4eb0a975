import { type CheckFinding, identifierFindings, isNetwork, periodFindings, redisFindings, syncFindings } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Rules that the schema can't say. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  yield * periodFindings(config, '')
  for (const [name, limits] of Object.entries(config.tiers ?? {})) yield * periodFindings(limits, `/tiers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  yield * identifierFindings(config)
  if (config.tiers !== undefined && config.tier_by === 'claim' && config.claim_name === undefined) {
    yield { path: '/tier_by', message: '`tier_by: claim` needs `claim_name`', mend: 'Add `claim_name`.' }
  }
  for (const [index, text] of config.exempt.ips.entries()) {
    if (!isNetwork(text)) yield { path: `/exempt/ips/${index}`, message: 'this is neither an address nor a CIDR range', mend: 'Write it like 10.0.0.0/8 or 2001:db8::1.' }
  }
  yield * redisFindings(config.policy, config.redis)
  yield * syncFindings(config.policy, config.sync_rate)
}
