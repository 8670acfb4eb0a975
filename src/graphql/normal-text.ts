import { createHash } from 'node:crypto'
import { print } from 'graphql/language/index.js'
import type { Operation } from './front-end.ts'
import type { Sent } from './message.ts'

/** Who keeps normal texts among the notes of a document. */
const NORMAL = Object.freeze({})

/**
 * What an operation asks for, in one spelling: blanks, commas and comments of the document and the order of its variables make no
 * difference.
 *
 * Numbers that JavaScript may have rounded count as they were sent, with everything around them.
 */
export function normalText ({ document, node, variables, others }: Operation, sent: Sent): string {
  let normal = document.notes.get(NORMAL) as string | undefined
  if (normal === undefined) {
    normal = createHash('sha256').update(print(document.node)).digest('base64url')
    document.notes.set(NORMAL, normal)
  }
  const writer = new StableJson()
  const rest = `${writer.write(variables)}\n${others === null ? '' : writer.write(others)}`
  const exact = writer.exact ? '' : createHash('sha256').update(sent.query ?? '').update('\n').update(sent.body ?? '').digest('base64url')
  return `${normal}\n${node.name?.value ?? ''}\n${rest}\n${exact}`
}

/** JSON with the members of each object in the order of their names. */
class StableJson {
  /** No number may have been another one where it came from. */
  exact = true

  write (value: unknown): string {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) this.exact = false
    if (typeof value !== 'object' || value === null) return JSON.stringify(value)
    // as deep as requests may be, see JSON_DEPTH
    if (Array.isArray(value)) return `[${value.map(item => this.write(item)).join()}]`
    const members = value as Record<string, unknown>
    return `{${Object.keys(members).sort().map(name => `${JSON.stringify(name)}:${this.write(members[name])}`).join()}}`
  }
}
