import type { FastifyReply } from 'fastify'
import type { AnswerChain } from './answer/hooked-answer.ts'
import type { Tokens } from './fields/product.ts'
import type { ReplyFields } from './fields/reply-fields.ts'

/** How the answers of a scope are delivered: fixed when the scope is built. */
export interface Delivery {
  readonly tokens: Tokens
  /** Response hooks that see the answer; null: there are none. */
  readonly chain: AnswerChain | null
  /** Reads the header fields that hooks before the hop have put on the reply; null: there are no such hooks. */
  readonly ownFields: ((reply: FastifyReply) => Readonly<ReplyFields>) | null
  /** A response hook needs the whole body: its limit in bytes; 0: none does. */
  readonly buffer: number
  /** Which answers, by their Content-Type. */
  readonly holds: (contentType: string) => boolean
}
