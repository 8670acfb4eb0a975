import { isIP } from 'node:net'
import type { PluginEntry } from '../config/model.ts'
import { option } from './context.ts'
import type { Hit } from './rule.ts'

/** Ranges of a list that leave nobody out. */
export function * wideRanges (entry: PluginEntry, path: string, cause: string): Generator<Hit> {
  const list = path.split('/').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], entry.config)
  if (!Array.isArray(list)) return
  for (const [index, range] of list.entries()) {
    const [address = '', bits] = String(range).split('/')
    if (isIP(address) !== 0 && bits !== undefined && Number(bits) === 0) yield { pointer: option(entry, `${path}/${index}`), cause }
  }
}
