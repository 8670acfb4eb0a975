import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { FastifyReply } from 'fastify'
import { kContext, type GatewayMessage } from '../../gateway/context.ts'
import type { AnswerFields } from './answer-fields.ts'

/**
 * Header fields that an entry puts on its answers, the same on each. They are checked once, when this is made: `reply.header`
 * checks name and value again for each answer, 0.15 µs a field.
 */
export class FixedFields {
  readonly names: readonly string[]
  readonly lowers: readonly string[]
  readonly values: readonly string[]

  /**
   * @param fields names and values, as they are to be written; not Set-Cookie, of which there may be several
   * @throws TypeError for what no header may have
   */
  constructor (fields: Iterable<readonly [name: string, value: string]>) {
    const pairs = [...fields]
    for (const [name, value] of pairs) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
    this.names = pairs.map(([name]) => name)
    this.lowers = pairs.map(([name]) => name.toLowerCase())
    this.values = pairs.map(([, value]) => value)
  }

  /** In the place of what the answer has of these names. */
  put (reply: FastifyReply): void {
    const fields = heldFields(reply)
    if (fields !== null) fields.putFixed(this)
    else for (let index = 0; index < this.names.length; index++) reply.header(this.names[index] as string, this.values[index])
  }

  /** Those of which the answer has none. */
  add (reply: FastifyReply): void {
    const fields = heldFields(reply)
    if (fields !== null) {
      fields.addFixed(this)
      return
    }
    for (let index = 0; index < this.names.length; index++) {
      if (!reply.hasHeader(this.lowers[index] as string)) reply.header(this.names[index] as string, this.values[index])
    }
  }
}

function heldFields (reply: FastifyReply): AnswerFields | null {
  return (reply.request.raw as GatewayMessage)[kContext].answerFields
}
