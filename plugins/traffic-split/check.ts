import { type CheckFinding, identifierFindings } from '../../src/plugin.ts'
import { covers } from './conditions.ts'
import type { Config, Part } from './schema.ts'

/** What the schema can't say. */
export function * check (config: Config): Generator<CheckFinding> {
  const { rules, split, sticky_by: by } = config
  if (rules.length === 0 && split === undefined) yield { path: '', message: 'neither `rules` nor `split` says where requests go', mend: 'Add one of them.' }
  for (const [index, rule] of rules.entries()) {
    const path = `/rules/${index}`
    if ((rule.service === undefined) === (rule.split === undefined)) {
      yield { path, message: 'a rule has either `service` or `split`', mend: 'Write one of the two.' }
    }
    const before = rules.slice(0, index).findIndex(earlier => covers(earlier.when, rule.when))
    if (before !== -1) {
      yield { path: `${path}/when`, message: `the rule never decides: every request that fits it fits rule ${before + 1} first`, mend: 'Move it up, or remove it.' }
    }
    if (rule.split !== undefined) yield * checkSplit(rule.split, `${path}/split`)
  }
  if (split !== undefined) yield * checkSplit(split, '/split')

  if (by === 'header' || by === 'claim') {
    for (const finding of identifierFindings({ ...config, limit_by: by })) yield { ...finding, path: '/sticky_by', message: `\`sticky_by: ${by}\` needs \`${by}_name\`` }
  }
  const divides = [split, ...rules.map(rule => rule.split)].some(parts => parts !== undefined && parts.filter(({ weight }) => weight > 0).length > 1)
  if (by !== 'none' && !divides) {
    yield { path: '/sticky_by', message: 'there is nothing to stick to: no split divides requests', mend: 'Remove `sticky_by`.', severity: 'warning' }
  }
}

function * checkSplit (parts: readonly Part[], path: string): Generator<CheckFinding> {
  if (parts.every(({ weight }) => weight === 0)) yield { path, message: 'all weights are 0', mend: 'Give one of the services a weight.' }
  for (const [index, { service }] of parts.entries()) {
    if (parts.findIndex(other => other.service === service) < index) {
      yield { path: `${path}/${index}/service`, message: `'${service}' stands here for the second time`, mend: 'Add the weights up in one part.' }
    }
  }
}
