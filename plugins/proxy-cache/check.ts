import { type CheckFinding, redisFindings } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Never stored: a part of an answer, and one that stands for another. */
const PARTIAL = [206, 304]

/** Rules that the schema can't say. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  for (const [index, status] of config.response_code.entries()) {
    if (PARTIAL.includes(status)) yield { path: `/response_code/${index}`, message: `an answer with status ${status} is not whole`, mend: 'Remove it: ranges are answered from whole answers, and 304 refreshes them.' }
  }
  if (!config.cache_control) {
    yield {
      path: '/cache_control',
      severity: 'warning',
      message: 'answers marked `private` or `no-store` are stored and shared, too',
      mend: 'Keep it true, with `heuristics: cache_ttl` for answers that say nothing.'
    }
    if (config.heuristics !== 'none') yield { path: '/heuristics', message: '`heuristics` is about answers that don\'t say how long they are fresh, and without `cache_control` none is asked', mend: 'Remove it; `cache_ttl` is for all.' }
  }
  yield * redisFindings(config.strategy, config.redis, 'strategy')
}
