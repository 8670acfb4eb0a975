import type { Dispatcher } from 'undici'
import type { Service } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import type { CopyOptions, CopyOutcome } from '../plugin.ts'
import type { Destination, Ending } from '../upstream/destination.ts'
import { escapePath } from '../router/escape.ts'
import { serviceHost } from '../gateway/runtime.ts'
import type { Lease } from './connections.ts'
import { copyBody } from './copy-body.ts'
import { endingOf } from './errors.ts'
import { HeaderList } from './header-list.ts'
import type { Target } from './transport.ts'
import type { Upstream } from './upstream.ts'

/** As much of an answer as is read, for the sake of its connection. */
const DISCARDED = 1_048_576

/**
 * A copy of a request to another service: undici's handler for it. Nothing of it reaches the request itself: its answer is
 * thrown away, its failure is told to whoever ordered it.
 */
export class Copy implements Dispatcher.DispatchHandler {
  readonly #options: CopyOptions
  /** As destinations see it: the times of the copy are its own, and it has no answer on which anything could be set. */
  readonly #context: Context
  readonly #destination: Destination
  #target: Target | null = null
  #lease: Lease | null = null
  #begun = 0
  #status = 0
  #read = 0
  #abort: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #done = false

  constructor (context: Context, destination: Destination, options: CopyOptions) {
    this.#context = Object.create(context, { headTick: { value: 0, writable: true }, reply: { value: null } }) as Context
    this.#destination = destination
    this.#options = options
  }

  /** The request goes up: the copy follows when its body has gone. */
  start (upstream: Upstream, service: Service): void {
    const options = this.#options
    if (!options.wanted()) return
    const { method, query } = upstream
    const path = copiedPath(upstream.path, service, options.service)
    const headers = new HeaderList(upstream.headers.raw.slice())
    const length = headers.get('content-length')
    // undici writes it from the body
    headers.delete('content-length')
    // a client of HTTP/1.0 may have sent no Host that could be preserved
    headers.set('host', options.preserveHost && this.#context.hostHeader !== '' ? this.#context.hostHeader : serviceHost(options.service))
    options.edit(headers)
    copyBody(upstream.body, length, options.limit, body => {
      if (typeof body === 'string') {
        this.#finish(body)
        return
      }
      // not in the middle of what the request itself has to do
      setImmediate(() => this.#send({ method: method as Dispatcher.HttpMethod, path: query === null ? path : `${path}?${query}`, headers: headers.raw, body }))
    })
  }

  /** The process ends. */
  cut (): void {
    this.#give('cancelled', 'cut')
  }

  #send (request: Dispatcher.DispatchOptions): void {
    this.#begun = performance.now()
    try {
      this.#target = this.#destination.pick(this.#context, [], this.#begun)
    } catch {
      this.#finish('refused')
      return
    }
    if (this.#target.hostHeader !== null && !this.#options.preserveHost) new HeaderList(request.headers as string[]).set('host', this.#target.hostHeader)
    this.#destination.begin(this.#target, this.#begun, this.#context)
    this.#context.snapshot.copies.add(this)
    this.#timer = setTimeout(() => this.#give('timeout', 'timeout'), this.#options.timeout)
    try {
      this.#lease = this.#target.connections.take(this.#options.service.connect_timeout)
      this.#lease.client.dispatch({ ...request, headersTimeout: 0, bodyTimeout: 0 }, this)
    } catch (error) {
      this.onError(error as Error)
    }
  }

  onConnect (abort: () => void): void {
    if (this.#done) abort()
    else this.#abort = abort
  }

  onHeaders (status: number): boolean {
    if (this.#done || status < 200) return true
    this.#status = status
    this.#context.headTick = performance.now()
    this.#destination.head(this.#target as Target, status, this.#begun, this.#context)
    return true
  }

  onData (chunk: Buffer): boolean {
    this.#read += chunk.length
    if (this.#read > DISCARDED) this.#give('cancelled', 'answered')
    return true
  }

  onComplete (): void {
    this.#release()
    this.#end('complete', 'answered')
  }

  onError (error: Error): void {
    this.#release()
    this.#end(endingOf(error, this.#abort !== null), 'failed')
  }

  /** Nothing more of it is wanted: its connection is cut. */
  #give (ending: Ending, outcome: CopyOutcome): void {
    if (this.#done) return
    this.#end(ending, outcome)
    this.#abort?.()
  }

  #end (ending: Ending, outcome: CopyOutcome): void {
    if (this.#done) return
    this.#destination.end(this.#target as Target, ending, this.#status, this.#begun, this.#context)
    this.#finish(outcome)
  }

  #finish (outcome: CopyOutcome): void {
    this.#done = true
    this.#context.snapshot.copies.delete(this)
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#options.done(outcome)
  }

  #release (): void {
    if (this.#lease !== null) this.#target?.connections.give(this.#lease)
    this.#lease = null
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
