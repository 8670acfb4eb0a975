import { boolCoreTag, floatCoreTag, intCoreTag, nullCoreTag, NOT_RESOLVED } from 'js-yaml'
import type { ScalarNode } from './nodes.ts'

type Value = ScalarNode['value']

/** What a plain scalar means in YAML 1.2's core schema. */
export function typed (text: string): Value {
  if (text === '') return null
  switch (text.charCodeAt(0)) {
    // ~ n N
    case 0x7e: case 0x6e: case 0x4e:
      return nullCoreTag.resolve(text, false, '') === null ? null : text
    // t T f F
    case 0x74: case 0x54: case 0x66: case 0x46:
      return resolve(boolCoreTag, text) ?? text
    // + - . 0-9
    case 0x2b: case 0x2d: case 0x2e:
    case 0x30: case 0x31: case 0x32: case 0x33: case 0x34: case 0x35: case 0x36: case 0x37: case 0x38: case 0x39:
      return resolve(intCoreTag, text) ?? resolve(floatCoreTag, text) ?? text
    default:
      return text
  }
}

/** What a scalar with a tag means; undefined where text and tag don't agree or the tag is none of YAML's own. */
export function tagged (text: string, tag: string): Value | undefined {
  switch (tag) {
    case '!': case '!!str': return text
    case '!!null': return nullCoreTag.resolve(text, true, '') === null ? null : undefined
    case '!!bool': return resolve(boolCoreTag, text)
    case '!!int': return resolve(intCoreTag, text)
    case '!!float': return resolve(floatCoreTag, text)
    default: return undefined
  }
}

function resolve<Result extends Value> (tag: { resolve (source: string, explicit: boolean, name: string): Result | typeof NOT_RESOLVED }, text: string): Result | undefined {
  const value = tag.resolve(text, false, '')
  return value === NOT_RESOLVED ? undefined : value
}
