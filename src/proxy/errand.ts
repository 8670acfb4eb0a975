import { STATUS_CODES } from 'node:http'
import type { Context } from '../gateway/context.ts'
import { answerHead } from './answer/answer-head.ts'
import { watchedHead, type AnswerWatcher } from './answer/answer-watcher.ts'
import { Attempt, type Attempter } from './attempts/attempt.ts'
import { endingOf } from './errors.ts'
import type { HeaderList } from './fields/header-list.ts'
import { finishRequestHead } from './request/request-head.ts'
import type { Ending } from '../upstream/destination.ts'
import type { Upstream } from './request/upstream.ts'

/** Bodies up to this length are read to their end although nobody wants them, so that their connection can be used again. */
const SHORT = 65_536

/**
 * A request without a client: a copy of one that has a client, sent once beside it, of whose answer a watcher alone is told.
 * It outlives the request that it was made from, and its snapshot waits for it.
 */
export class Errand implements Attempter {
  readonly #context: Context
  readonly #watcher: AnswerWatcher
  readonly #upstream: Upstream
  #short = false

  /** @param headers in place of the request's own; taken over */
  constructor (context: Context, upstream: Upstream, headers: HeaderList, watcher: AnswerWatcher) {
    // the request goes on meanwhile, with its own times and its own upstream
    this.#context = Object.create(context) as Context
    this.#context.trailers = false
    this.#watcher = watcher
    this.#upstream = upstream.copy(headers.raw)
    this.#context.upstream = this.#upstream
  }

  send (): void {
    const context = this.#context
    const { destination } = this.#upstream
    const fields = finishRequestHead(context, this.#upstream, context.snapshot.tokens, context.trusted)
    const now = performance.now()
    context.proxiedTick = now
    context.snapshot.hold()
    let attempt: Attempt
    try {
      const target = destination.pick(context, [], now)
      this.#upstream.aim(target)
      attempt = new Attempt(this, context, this.#upstream, target, now, 0)
    } catch {
      this.#watcher.failed()
      this.#finish()
      return
    }
    attempt.send(fields)
  }

  onHead (attempt: Attempt, status: number, raw: string[], statusText: string): void {
    const head = answerHead(this.#context, raw, this.#context.snapshot.tokens)
    if (!head.readable) {
      this.#drop(attempt, 'invalid')
      return
    }
    this.#short = status === 304 || (head.length >= 0 && head.length <= SHORT)
    this.#watcher.head(watchedHead(head, status, STATUS_CODES[status] ?? statusText))
    if (this.#watcher.satisfied && !this.#short) this.#drop(attempt, 'complete')
  }

  onInterim (): void {}

  onTunnel (): void {}

  onData (attempt: Attempt, chunk: Buffer): boolean {
    this.#watcher.data(chunk)
    if (this.#watcher.satisfied && !this.#short) this.#drop(attempt, 'complete')
    return true
  }

  onComplete (attempt: Attempt): void {
    attempt.end('complete')
    this.#watcher.end()
    this.#finish()
  }

  onError (attempt: Attempt, error: Error): void {
    attempt.end(endingOf(error, attempt.sent))
    this.#watcher.failed()
    this.#finish()
  }

  #drop (attempt: Attempt, ending: Ending): void {
    attempt.drop(ending)
    this.#watcher.failed()
    this.#finish()
  }

  #finish (): void {
    this.#watcher.closed()
    this.#context.snapshot.letGo()
  }
}
