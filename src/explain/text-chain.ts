import { at, wrap } from './text-parts.ts'
import type { ExplainedEntry, ExplainedPlugin, LeftOut } from './types.ts'

export function chainLines (chain: readonly ExplainedPlugin[], leftOut: readonly LeftOut[], consumer: string | null, file: string): string[] {
  const width = String(chain.length).length
  const describe = (entry: ExplainedEntry): string => `${entry.scope}${entry.audience === null ? '' : ` ${entry.audience}`}${at(entry, file)}`
  const reasons = { disabled: 'switched off', 'less-specific': 'less specific' }
  const used = new Set(chain.map(({ plugin }) => plugin))
  return [
    ...chain.flatMap(({ position, plugin, priority, entry, alternatives }) => [
      ...wrap(`${plugin} (${priority}), ${entry === null ? `not for ${consumer ?? 'callers without a consumer'}` : describe(entry)}`, `${String(position).padStart(width)} `),
      ...alternatives.flatMap(other => wrap(`${entry === null ? '' : 'not '}${describe(other)}`, '    ')),
      ...leftOut.filter(other => other.plugin === plugin).flatMap(other => wrap(`not ${describe(other)}: ${reasons[other.reason]}`, '    '))
    ]),
    ...leftOut.filter(({ plugin }) => !used.has(plugin)).flatMap(other => wrap(`${other.plugin}, ${describe(other)}: ${reasons[other.reason]}`, '- '))
  ]
}
