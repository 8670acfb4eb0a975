import type { AnswerWatcher, WatchedHead } from '../proxy/answer/answer-watcher.ts'
import type { WholeAnswer } from '../proxy/answer/whole-answer.ts'
import type { CachedAnswer } from '../stores/cache/cache-store.ts'
import type { ResponseCache } from './cache.ts'
import { fieldsWhere, valueOf } from './fields.ts'
import type { Lead } from './flights.ts'
import { mayStandIn } from './freshness.ts'
import { dropChanged } from './invalidation.ts'
import { refreshedFields } from './refresh.ts'
import { answerFrom } from './serve.ts'
import type { Plan } from './storable.ts'
import type { Visit } from './visit.ts'

/** With these the upstream says that it can't answer (RFC 5861 section 4). */
const FAILING = new Set([500, 502, 503, 504])

/** What a piece of a body takes beside its bytes: a Buffer and its place in the list. */
const PIECE = 128

/** One request at the upstream: stores its answer while it passes, or has what is stored sent in its place. */
export class Recorder implements AnswerWatcher {
  readonly #cache: ResponseCache
  readonly #visit: Visit
  /** Too old to be sent as it is. */
  readonly #stored: CachedAnswer | null
  readonly #asked: number
  /** Sent for others as well. */
  #lead: Lead | null
  /** Beside a request that has its answer already. */
  readonly #quiet: boolean
  #plan: Plan | null = null
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes that it is counted for among the recordings. */
  #held = 0
  /** What it would store was invalidated meanwhile. */
  #doomed = false

  constructor (cache: ResponseCache, visit: Visit, stored: CachedAnswer | null, lead: Lead | null, quiet: boolean) {
    this.#cache = cache
    this.#visit = visit
    this.#stored = stored
    this.#lead = lead
    this.#quiet = quiet
    this.#asked = cache.now()
    cache.recordings.add(visit.key.uri, this)
  }

  doom (): void {
    this.#doomed = true
  }

  head (head: WatchedHead): WholeAnswer | null {
    const received = this.#cache.now()
    const stored = this.#stored
    if (stored !== null && head.status === 304) return this.#refresh(stored, head, received)
    if (FAILING.has(head.status)) {
      const instead = this.#standIn(`fwd=stale; fwd-status=${head.status}; detail=stale-if-error`)
      if (instead !== null) return instead
    }
    const plan = this.#visit.storing ? this.#cache.storability.plan(head, this.#askedBy(), received) : this.#visit.obstacle
    if (typeof plan === 'string') this.#refuse(plan, head)
    else this.#begin(plan, head)
    const { request } = this.#visit
    if (!this.#visit.safe) dropChanged(this.#cache, request, head, typeof plan !== 'string')
    return null
  }

  data (chunk: Buffer): void {
    if (this.#plan === null) return
    this.#size += chunk.length
    this.#held += chunk.length + PIECE
    const fits = this.#cache.recordings.grow(chunk.length + PIECE)
    if (!fits || this.#size > this.#cache.store.largest) {
      this.#giveUp()
      this.#visit.pass()
      return
    }
    this.#chunks.push(chunk)
  }

  get satisfied (): boolean {
    return this.#plan === null
  }

  end (): void {
    const plan = this.#plan
    if (plan === null) return
    // of its own: what is kept must not hold the pieces that it was read in
    const body = Buffer.allocUnsafeSlow(this.#size)
    let at = 0
    for (const chunk of this.#chunks) at += chunk.copy(body, at)
    const { subject } = this.#visit
    if (subject !== null && !subject.keeps(body, plan.fields)) {
      this.#giveUp()
      this.#visit.pass()
      return
    }
    this.#land(plan, body)
  }

  failed (): WholeAnswer | null {
    this.#forget()
    const instead = this.#standIn('fwd=stale; detail=stale-if-error')
    this.#release()
    return instead
  }

  closed (): void {
    this.#forget()
    this.#cache.recordings.delete(this.#visit.key.uri, this)
    this.#lead?.leave()
    this.#lead = null
  }

  #begin (plan: Plan, { fields }: WatchedHead): void {
    this.#plan = plan
    const { reply, id, subject } = this.#visit
    if (this.#quiet) return
    // what is looked at when it is whole may still not be stored
    const why = `${this.#stored === null ? `fwd=${this.#visit.missed}` : 'fwd=stale'}${subject === null ? '; stored' : ''}`
    this.#cache.status.forwarded(reply, this.#stored === null ? 'Miss' : 'Refresh', why, id, valueOf(fields, 'cache-status'))
    this.#visit.log(this.#stored === null ? 'miss' : 'refresh')
  }

  #refuse (why: string, { status, fields }: WatchedHead): void {
    // what was stored is no longer what the upstream answers
    if (this.#stored !== null && status < 500) this.#cache.drop(this.#visit)
    // a failure passes, and a 304 to the client's own question says nothing about what could be stored
    if (this.#visit.storing && status < 500 && status !== 304) this.#visit.pass()
    this.#release()
    if (this.#quiet) return
    this.#cache.status.forwarded(this.#visit.reply, 'Bypass', `fwd=${this.#stored === null ? this.#visit.missed : 'stale'}; detail=${why}`, null, valueOf(fields, 'cache-status'))
    this.#visit.log('bypass')
  }

  /** The upstream says that what is stored still holds (RFC 9111 section 4.3.4). */
  #refresh (stored: CachedAnswer, { fields }: WatchedHead, received: number): WholeAnswer {
    const merged = refreshedFields(stored, fields, received)
    const { status, statusText, body } = stored
    const plan = merged === null
      ? 'other'
      : this.#cache.storability.plan({ status, statusText, fields: merged, length: body.length, framed: true }, this.#askedBy(), received)
    let answer = stored
    if (typeof plan === 'string') {
      this.#cache.drop(this.#visit)
      this.#release()
    } else {
      answer = this.#land(plan, body)
    }
    const whole = this.#answer(answer, 'fwd=stale; fwd-status=304')
    // it is for this client, and nobody else
    whole.fields.push(...fieldsWhere(fields, name => name === 'set-cookie'))
    return whole
  }

  #standIn (why: string): WholeAnswer | null {
    const stored = this.#stored
    // what was purged meanwhile is sent to nobody
    if (this.#doomed) return null
    if (stored === null || !mayStandIn(stored, this.#visit.asks, this.#cache.now())) return null
    this.#release()
    // its head may have come, and been taken for the answer
    if (!this.#quiet) this.#cache.status.forget(this.#visit.reply)
    return this.#answer(stored, why)
  }

  #answer (answer: CachedAnswer, why: string): WholeAnswer {
    const whole = answerFrom(answer, this.#visit.request)
    this.#cache.status.stored(whole.fields, answer, 'Refresh', why, this.#cache.now())
    if (!this.#quiet) this.#visit.log('refresh')
    return whole
  }

  #askedBy (): { identified: boolean, at: number } {
    return { identified: this.#visit.identified, at: this.#asked }
  }

  #land (plan: Plan, body: Buffer): CachedAnswer {
    const answer: CachedAnswer = { ...plan, variesBy: null, id: this.#visit.id, body }
    if (this.#doomed) {
      this.#release()
    } else {
      this.#cache.put(this.#visit, plan.vary, answer)
      this.#lead?.stored()
      this.#lead = null
    }
    this.#forget()
    return answer
  }

  #giveUp (): void {
    this.#forget()
    this.#release()
  }

  #release (): void {
    this.#lead?.release()
    this.#lead = null
  }

  #forget (): void {
    this.#cache.recordings.shrink(this.#held)
    this.#held = 0
    this.#size = 0
    this.#chunks = []
    this.#plan = null
  }
}
