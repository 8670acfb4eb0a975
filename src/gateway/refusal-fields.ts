import { FixedFields } from '../proxy/fields/fixed-fields.ts'
import type { EnabledEntry } from './named-fields.ts'

/**
 * What global entries put on answers to requests that never become one (see `everyAnswer`): lines of a header.
 *
 * @throws TypeError for what no header may have
 */
export function refusalFields (entries: readonly EnabledEntry[], scheme: 'http' | 'https'): string {
  let lines = ''
  for (const { definition, entry } of entries) {
    if (definition.everyAnswer === undefined || entry.route !== null || entry.service !== null || entry.consumer !== null || entry.consumer_group !== null) continue
    const { names, values } = new FixedFields(definition.everyAnswer(entry.config as never, scheme))
    for (const [index, name] of names.entries()) lines += `${name}: ${values[index]}\r\n`
  }
  return lines
}
