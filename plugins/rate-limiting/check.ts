import { type CheckFinding, exemptFindings, identifierFindings, periodFindings, redisFindings, syncFindings } from '../../src/plugin.ts'
import { standardLimits } from './limits.ts'
import type { Config } from './schema.ts'

/** Rules that the schema can't say. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  yield * periodFindings(standardLimits(config), '')
  if (config.preset === 'login') yield * loginFindings(config)
  for (const [name, limits] of Object.entries(config.tiers ?? {})) yield * periodFindings(limits, `/tiers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  yield * identifierFindings(config)
  if (config.tiers !== undefined && config.tier_by === 'claim' && config.claim_name === undefined) {
    yield { path: '/tier_by', message: '`tier_by: claim` needs `claim_name`', mend: 'Add `claim_name`.' }
  }
  yield * exemptFindings(config.exempt)
  yield * redisFindings(config.policy, config.redis)
  yield * syncFindings(config.policy, config.sync_rate)
  yield * roundFindings(config)
}

/** What is counted between two rounds is told in one: of a window that is shorter, all of it falls on one. */
function * roundFindings ({ sync_rate: rate, ...config }: Config): Generator<CheckFinding> {
  const lengths = { second: 1, minute: 60, hour: 3600 }
  const limits = [standardLimits(config as Config), ...Object.values(config.tiers ?? {})]
  const short = Object.entries(lengths).find(([period, seconds]) => seconds < rate && limits.some(limit => limit[period as keyof typeof lengths] !== undefined))
  if (short === undefined) return
  yield { path: '/sync_rate', severity: 'warning', message: `\`sync_rate\` is longer than a ${short[0]}: clients within that limit are refused`, mend: `Write ${short[1]} or less, or -1.` }
}

/** A login is counted by address and account, exactly, and closed when it can't be counted. */
function * loginFindings ({ limit_by: by, tiers, sync_rate: rate, on_store_error: onError }: Config): Generator<CheckFinding> {
  const fixed = '`preset: login` counts by address and by account'
  if (by !== 'consumer' && by !== 'ip') yield { path: '/limit_by', message: fixed, mend: 'Remove `limit_by`, or the preset.' }
  if (tiers !== undefined) yield { path: '/tiers', message: `${fixed}, before anybody is known who could be in a tier`, mend: 'Remove `tiers`, or the preset.' }
  if (rate !== -1) yield { path: '/sync_rate', message: '`preset: login` decides about address and account at once, in Redis', mend: 'Remove `sync_rate`.' }
  if (onError === 'allow') yield { path: '/on_store_error', message: '`preset: login` would let passwords be guessed while Redis is down', mend: 'Remove `on_store_error`, or write `local`.' }
}
