import type { AnswerHead } from './answer-head.ts'
import type { WholeAnswer } from './whole-answer.ts'

/** Head of the upstream's answer, before response hooks and without the gateway's own fields. */
export interface WatchedHead {
  readonly status: number
  readonly statusText: string
  /** Name, value, …; those of the connection are gone. The watcher's own. */
  readonly fields: string[]
  /** Content-Length; -1: none. */
  readonly length: number
  /** false: its end is that of the connection, so that nobody can tell whether it is whole. */
  readonly framed: boolean
}

/**
 * Sees the upstream's answer as it arrives, and may send another in its place. Nothing waits for it.
 *
 * The order: `head`, `data` for each piece, `end`; or `failed` at any point. `closed` is the last call, in every case.
 */
export interface AnswerWatcher {
  /** @returns an answer that is sent instead, whose upstream one nobody sees; null: this one is sent */
  head (head: WatchedHead): WholeAnswer | null
  /** @param chunk may be a view of a larger buffer: copy it to keep it */
  data (chunk: Buffer): void
  /** It needs no more of the body: where nobody else does, that isn't read. */
  readonly satisfied: boolean
  /** The answer is here to its last byte. */
  end (): void
  /**
   * It never will be: no upstream, no answer, or it was cut.
   *
   * @returns an answer in place of the error, where nothing of this one has gone out; null: none
   */
  failed (): WholeAnswer | null
  /** The request is over, or the client has left. */
  closed (): void
}

/** What a watcher gets of a head that was read. */
export function watchedHead ({ fields, own, via, length, framed }: AnswerHead, status: number, statusText: string): WatchedHead {
  const watched = fields.slice(0, own)
  if (via !== undefined) watched.push('Via', via)
  // 204 has no body, and so no end that could be missed
  return { status, statusText, fields: watched, length, framed: framed || status === 204 }
}
