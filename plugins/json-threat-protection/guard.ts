import { isUtf8 } from 'node:buffer'
import { createJsonReader, type JsonLimits, JsonScanner } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Says by the name of the option what is wrong with a body; null: nothing. */
export type Guard = (body: Buffer) => string | null

/** Options by what the scanner calls them. */
const OPTIONS: Readonly<Record<string, keyof Config>> = {
  depth: 'max_container_depth',
  members: 'max_object_entry_count',
  nameLength: 'max_object_entry_name_length',
  items: 'max_array_element_count',
  textLength: 'max_string_value_length',
  duplicate: 'allow_duplicate_object_entry_name'
}

export function createGuard (config: Config): Guard {
  const limits: JsonLimits = {
    depth: bound(config.max_container_depth),
    members: bound(config.max_object_entry_count),
    nameLength: bound(config.max_object_entry_name_length),
    items: bound(config.max_array_element_count),
    textLength: bound(config.max_string_value_length),
    totalMembers: Infinity
  }
  const size = bound(config.max_body_size)
  const scanner = new JsonScanner(limits)
  const readJson = createJsonReader(limits, false)

  function faultOf (body: Buffer): string | null {
    // names can only be compared once they are read
    if (!config.allow_duplicate_object_entry_name) return readJson(body).fault
    return isUtf8(body) ? scanner.scan(body) : 'encoding'
  }

  return function guard (body) {
    if (body.length > size) return 'max_body_size'
    // Express and others take it off before they parse
    const fault = faultOf(body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body)
    if (fault === null) return null
    const option = OPTIONS[fault]
    if (option !== undefined) return option
    return config.allow_non_json_requests ? null : 'allow_non_json_requests'
  }
}

function bound (limit: number): number {
  return limit === -1 ? Infinity : limit
}
