import type { CheckFinding } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** What the schema can't say. */
export function * check ({ percentage, start, steps, hash, hash_header: header, groups, canary_by_header_name: chosen }: Config): Generator<CheckFinding> {
  const byGroup = hash === 'allow' || hash === 'deny'
  if (percentage !== undefined && start !== undefined) {
    yield { path: '/start', message: '`percentage` and `start` both say how many go there', mend: 'Keep one of them.' }
  }
  if (byGroup && groups === undefined) yield { path: '/hash', message: `\`hash: ${hash}\` needs \`groups\``, mend: 'Add `groups`.' }
  if (!byGroup && groups !== undefined) yield { path: '/groups', message: '`groups` decide with `hash: allow` and `hash: deny` alone', mend: 'Add one of them, or remove `groups`.' }
  if (byGroup && (percentage ?? start) !== undefined) {
    yield { path: percentage === undefined ? '/start' : '/percentage', message: `with \`hash: ${hash}\` groups alone decide`, mend: 'Remove it, or write another `hash`.' }
  }
  if (!byGroup && percentage === undefined && start === undefined && chosen === undefined) {
    yield { path: '', message: 'nothing says how many go there', mend: 'Add `percentage`, `start`, or `hash: allow` with `groups`.' }
  }
  if (hash === 'header' && header === undefined) yield { path: '/hash', message: '`hash: header` needs `hash_header`', mend: 'Add `hash_header`.' }
  if (!byGroup && hash !== 'none' && percentage !== undefined && percentage > 0 && percentage * steps < 100) {
    yield { path: '/percentage', message: `with ${steps} steps this is nobody`, mend: 'Raise `steps`.' }
  }
}
