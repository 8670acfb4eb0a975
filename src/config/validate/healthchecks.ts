import { watchesTraffic, type HealthchecksOptions } from '../entities/healthchecks.ts'
import type { EntityContext } from './context.ts'

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** What the check itself says about its connection and its body, which it has none of. */
const OWN = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

/** What a schema can't say about `healthchecks`: Kong's own forms are taken, but where they do nothing it is told. */
export function checkHealthchecks (value: unknown, context: EntityContext): void {
  const { active, passive } = value as HealthchecksOptions
  if (!isRecord(active) || !isRecord(active.healthy) || !isRecord(active.unhealthy) || !isRecord(passive) || !isRecord(passive.unhealthy)) return
  const { healthy, unhealthy, headers } = active
  for (const name of isRecord(headers) ? Object.keys(headers as object) : []) {
    if (TOKEN.test(name) && !OWN.has(name.toLowerCase())) continue
    context.at(['healthchecks', 'active', 'headers', name], {
      rule: 'bad-header',
      cause: TOKEN.test(name) ? `'${name}' belongs to the connection, not to the check` : `'${name}' is no name of a header field`,
      mend: 'Remove it.'
    }, 'key')
  }
  const limits = unhealthy.tcp_failures > 0 || unhealthy.timeouts > 0 || unhealthy.http_failures > 0
  const say = (path: string[], cause: string, mend: string): void => {
    context.at(['healthchecks', ...path], { severity: 'warning', rule: 'ignored-part', cause, mend })
  }
  if (healthy.interval === 0 && limits) {
    say(['active', 'unhealthy'], 'these limits have no effect: healthy targets are not checked', 'Set `active.healthy.interval`, in seconds.')
  }
  if (unhealthy.interval === 0 && healthy.successes > 0) {
    say(['active', 'healthy', 'successes'], '\'successes\' has no effect: unhealthy targets are not checked', 'Set `active.unhealthy.interval`, in seconds.')
  }
  if (healthy.interval > 0 && !limits) {
    say(['active', 'healthy', 'interval'], 'these checks have no effect: no number of failures takes a target out', 'Set `tcp_failures`, `timeouts` and `http_failures` of `active.unhealthy`.')
  }
  if (unhealthy.interval > 0 && healthy.successes === 0) {
    say(['active', 'unhealthy', 'interval'], 'these checks have no effect: no number of successes brings a target back', 'Set `active.healthy.successes`.')
  }
  if (passive.healthy?.successes > 0 && !watchesTraffic({ passive })) {
    say(['passive', 'healthy', 'successes'], '\'successes\' has no effect: passive checks take no target out', 'Set `tcp_failures`, `timeouts` and `http_failures` of `passive.unhealthy`.')
  }
}

function isRecord (value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
