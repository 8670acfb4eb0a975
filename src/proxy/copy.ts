import type { Duplex } from 'node:stream'
import type { Service } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import type { CopyOptions, CopyOutcome } from '../plugin.ts'
import type { Destination, Ending } from '../upstream/destination.ts'
import { escapePath } from '../router/escape.ts'
import { serviceHost } from '../gateway/runtime.ts'
import { Attempt, type Attempter } from './attempts/attempt.ts'
import { copyBody } from './request/copy-body.ts'
import { endingOf } from './errors.ts'
import { HeaderList } from './fields/header-list.ts'
import type { Upstream } from './request/upstream.ts'

/** As much of an answer as is read, for the sake of its connection. */
const DISCARDED = 1_048_576

/**
 * A copy of a request to another service, of one attempt. Nothing of it reaches the request itself: its answer is thrown
 * away, its failure is told to whoever ordered it.
 */
export class Copy implements Attempter {
  readonly #options: CopyOptions
  /** As destinations see it: the times of the copy are its own, and it has no answer on which anything could be set. */
  readonly #context: Context
  readonly #destination: Destination
  #attempt: Attempt | null = null
  #read = 0
  #timer: NodeJS.Timeout | null = null
  #done = false

  constructor (context: Context, destination: Destination, options: CopyOptions) {
    this.#context = Object.create(context, { headTick: { value: 0, writable: true }, upstreamStatus: { value: 0, writable: true }, reply: { value: null } }) as Context
    this.#destination = destination
    this.#options = options
  }

  /** The request goes up: the copy follows when its body has gone. */
  start (upstream: Upstream, service: Service): void {
    const options = this.#options
    if (!options.wanted()) return
    const headers = new HeaderList(upstream.headers.raw.slice())
    const length = headers.get('content-length')
    // written from the body
    headers.delete('content-length')
    // a client of HTTP/1.0 may have sent no Host that could be preserved
    const preserved = options.preserveHost && this.#context.hostHeader !== ''
    const host = preserved ? this.#context.hostHeader : serviceHost(options.service)
    headers.set('host', host)
    options.edit(headers)
    const copy = upstream.copy(headers.raw)
    copy.redirect(this.#destination, this.#context.snapshot.policyOf(options.service), host, preserved, copiedPath(upstream.path, service, options.service))
    // it has one timeout for all
    copy.timeouts = { ...copy.policy.timeouts, read: 0 }
    copyBody(upstream.body, length, options.limit, body => {
      if (typeof body === 'string') {
        this.#finish(body)
        return
      }
      copy.body = body
      // not in the middle of what the request itself has to do
      setImmediate(() => this.#send(copy, preserved))
    })
  }

  /** The process ends. */
  cut (): void {
    this.#give('cancelled', 'cut')
  }

  onInterim (): void {}

  onHead (): void {}

  onTunnel (_attempt: Attempt, _raw: string[], socket: Duplex): void {
    socket.destroy()
    this.#give('invalid', 'failed')
  }

  onData (_attempt: Attempt, chunk: Buffer): boolean {
    this.#read += chunk.length
    if (this.#read > DISCARDED) this.#give('cancelled', 'answered')
    return true
  }

  onComplete (attempt: Attempt): void {
    attempt.end('complete')
    this.#finish('answered')
  }

  onError (attempt: Attempt, error: Error): void {
    attempt.end(endingOf(error, attempt.sent))
    this.#finish('failed')
  }

  #send (copy: Upstream, preserved: boolean): void {
    const now = performance.now()
    try {
      const target = this.#destination.pick(this.#context, [], now)
      copy.target = target
      if (target.hostHeader !== null && !preserved) copy.headers.set('host', target.hostHeader)
      this.#attempt = new Attempt(this, this.#context, copy, target, now, 0)
    } catch {
      this.#finish('refused')
      return
    }
    this.#context.snapshot.copies.add(this)
    this.#timer = setTimeout(() => this.#give('timeout', 'timeout'), this.#options.timeout)
    this.#attempt.send(copy.headers.raw)
  }

  /** Nothing more of it is wanted: its connection is cut. */
  #give (ending: Ending, outcome: CopyOutcome): void {
    if (this.#done) return
    this.#attempt?.drop(ending)
    this.#finish(outcome)
  }

  #finish (outcome: CopyOutcome): void {
    this.#done = true
    this.#context.snapshot.copies.delete(this)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#options.done(outcome)
  }
}

/** The path that went up, with the prefix of the other service in place of the one's own. */
function copiedPath (path: string, from: Service, to: Service): string {
  const [own, other] = [prefixOf(from), prefixOf(to)]
  const rest = path.startsWith(own) ? path.slice(own.length) : path
  return rest.startsWith('/') ? other + rest : `${other}/${rest}`
}

function prefixOf ({ path }: Service): string {
  return path === null ? '' : escapePath(path).replace(/\/$/, '')
}
