/** An exchange in simulated time, before targets that do anything: what holds whatever they do. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import fc from 'fast-check'
import t from 'tap'
import { DEFAULT_RETRY } from '../../src/config/entities/retry.ts'
import type { Retry } from '../../src/config/model.ts'
import type { Context } from '../../src/gateway/context.ts'
import type { Delivery } from '../../src/proxy/delivery.ts'
import { Exchange } from '../../src/proxy/exchange.ts'
import { tokensOf } from '../../src/proxy/fields/product.ts'
import type { Outgoing, Receiver } from '../../src/proxy/transport/flow.ts'
import { RetryBudget } from '../../src/proxy/attempts/retry-budget.ts'
import { createRetryPolicy } from '../../src/proxy/attempts/retry-policy.ts'
import type { Target } from '../../src/proxy/transport/transport.ts'
import type { Task } from '../../src/proxy/turn.ts'
import { Upstream } from '../../src/proxy/request/upstream.ts'
import type { Destination } from '../../src/upstream/destination.ts'
import { settings } from '../helpers/config.ts'
import { holds } from '../helpers/holds.ts'

interface Event { readonly at: number, readonly serial: number, readonly run: () => void }

/** A clock that only moves when something is due. */
class Time {
  now = 0
  #serial = 0
  #events: Event[] = []

  after (delay: number, run: () => void): Event {
    const event = { at: this.now + Math.max(0, delay), serial: this.#serial++, run }
    this.#events.push(event)
    return event
  }

  cancel (event: unknown): void {
    this.#events = this.#events.filter(one => one !== event)
  }

  runAll (): void {
    for (;;) {
      this.#events.sort((a, b) => a.at - b.at || a.serial - b.serial)
      const event = this.#events.shift()
      if (event === undefined) return
      this.now = event.at
      event.run()
    }
  }

  /** Puts itself in the place of the system's clock and timers. @returns puts those back */
  install (): () => void {
    const { setTimeout: timer, clearTimeout: clear } = globalThis
    const now = performance.now
    globalThis.setTimeout = ((run: (...args: unknown[]) => void, delay: number, ...args: unknown[]) => this.after(delay, () => run(...args))) as unknown as typeof timer
    globalThis.clearTimeout = (event => this.cancel(event)) as typeof clear
    performance.now = () => this.now
    return () => {
      globalThis.setTimeout = timer
      globalThis.clearTimeout = clear
      performance.now = now
    }
  }
}

/** What a target does with one attempt. */
interface Manner {
  /** Milliseconds until it has a connection, or is refused. */
  readonly connect: number
  readonly refuses: boolean
  /** Milliseconds until the head or the reset. */
  readonly head: number
  readonly status: number | 'reset' | 'never'
  /** Milliseconds until the end of its body. */
  readonly body: number
  /** Seconds of its Retry-After; 0: none. */
  readonly retryAfter: number
}

const manners = fc.array(fc.record<Manner>({
  connect: fc.constantFrom(0, 0, 5, 300),
  refuses: fc.boolean(),
  head: fc.constantFrom(0, 1, 20, 100, 400, 5000),
  status: fc.constantFrom<Manner['status']>(200, 200, 429, 503, 'reset', 'never'),
  body: fc.constantFrom(0, 10, 500),
  retryAfter: fc.constantFrom(0, 0, 1)
}), { minLength: 1, maxLength: 12 })

interface Policy {
  readonly retries: number
  /** total_timeout; 0: none. */
  readonly total: number
  readonly read: number
  readonly method: string
  readonly reasons: Retry['retry_on']
  readonly hedge: number
  readonly backoff: number
  /** Of the budget. */
  readonly reserve: number
  readonly targets: number
  /** When the client leaves; -1: never. */
  readonly leaves: number
}

const policies: fc.Arbitrary<Policy> = fc.record<Policy>({
  retries: fc.nat(8),
  total: fc.constantFrom(0, 1, 50, 300, 2000),
  read: fc.constantFrom(30, 1000),
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST'),
  reasons: fc.subarray<Retry['retry_on'][number]>(['connect', 'reset', 'timeout', 503, 429]),
  hedge: fc.constantFrom(0, 10, 150),
  backoff: fc.constantFrom(0, 25),
  reserve: fc.constantFrom(0, 1, 100),
  targets: fc.integer({ min: 1, max: 3 }),
  leaves: fc.constantFrom(-1, -1, -1, 0, 40, 250)
})

interface Sent { readonly at: number, connected: boolean, readonly body: unknown }

interface Outcome {
  readonly sent: Sent[]
  /** When each end was given to the client. */
  readonly answers: number[]
  readonly begun: number
  readonly ended: number
  readonly leases: number
  /** When the last attempt ended. */
  readonly lastEnd: number
  readonly atOnce: number
  readonly budgeted: number
}

function simulate (plan: readonly Manner[], policy: Policy, stream: Readable | null = null): Outcome {
  const time = new Time()
  const restore = time.install()
  const sent: Sent[] = []
  const answers: number[] = []
  const counts = { begun: 0, ended: 0, lastEnd: 0, leases: 0, running: 0, atOnce: 0, budgeted: 0 }
  try {
    const connections = {
      send (request: Outgoing, receiver: Receiver) {
        counts.leases++
        const manner = plan[sent.length % plan.length] as Manner
        const attempt: Sent = { at: time.now, connected: false, body: request.body }
        sent.push(attempt)
        let over = false
        const fail = (code: string): void => {
          if (over) return
          over = true
          counts.leases--
          receiver.onError(Object.assign(new Error(code), { code }))
        }
        time.after(manner.connect, () => {
          if (manner.refuses) return fail('ECONNREFUSED')
          if (!receiver.onConnect({ resume () {}, abort: () => fail('UND_ERR_ABORTED') })) {
            over = true
            counts.leases--
            return
          }
          attempt.connected = true
          if (manner.status === 'never' || manner.head > request.readTimeout) {
            time.after(request.readTimeout, () => fail('UND_ERR_HEADERS_TIMEOUT'))
            return
          }
          time.after(manner.head, () => {
            if (over) return
            if (manner.status === 'reset') return fail('ECONNRESET')
            const fields = ['Content-Length', '2', ...manner.retryAfter > 0 ? ['Retry-After', String(manner.retryAfter)] : []]
            receiver.onHead(manner.status as number, fields, '')
            time.after(manner.body, () => {
              if (over) return
              receiver.onData(Buffer.from('ok'))
              over = true
              counts.leases--
              receiver.onComplete([])
            })
          })
        })
      }
    }
    const targets = Array.from({ length: policy.targets }, (_, port) => ({ host: 'target', port, connections, hostHeader: null }) as unknown as Target)
    const destination = {
      turn: { add: (task: Task) => { time.after(0, () => task.run()) } },
      pick: (_context: Context, tried: readonly Target[]) => targets.find(target => !tried.includes(target)) ?? targets[tried.length % targets.length],
      begin () {
        counts.begun++
        counts.atOnce = Math.max(counts.atOnce, ++counts.running)
      },
      head () {},
      end () {
        counts.ended++
        counts.running--
        counts.lastEnd = time.now
      }
    } as unknown as Destination
    const budget = new RetryBudget()
    const take = budget.take.bind(budget)
    budget.take = (...args) => {
      const taken = take(...args)
      if (taken) counts.budgeted++
      return taken
    }
    const upstream = new Upstream(destination, {
      timeouts: { connect: 1000, write: 1000, read: policy.read, total: policy.total },
      retry: createRetryPolicy({ ...DEFAULT_RETRY, retry_on: policy.reasons, backoff: policy.backoff, ...policy.hedge === 0 ? {} : { hedge_delay: policy.hedge } }, policy.retries),
      budget,
      limits: { share: 0, reserve: policy.reserve },
      deadline: null
    }, 'service', false, policy.method, '/', null, [], '')
    if (policy.method === 'PUT' || policy.method === 'POST') upstream.body = stream ?? Buffer.from('abc')
    const end = (): void => { answers.push(time.now) }
    const response = { headersSent: false, destroyed: false, shouldKeepAlive: true, getHeaderNames: () => [], writeHead () {}, end }
    const context = {
      raw: { destroyed: false, complete: true, headers: {}, httpVersion: '1.1', httpVersionMinor: 1 },
      response,
      connection: { address: '192.0.2.1' },
      upstream,
      method: policy.method,
      upgrade: null,
      watcher: null,
      trusted: false,
      target: '/',
      query: null,
      startedTick: 0,
      startedAt: 0,
      tries: null,
      affinityCookie: null,
      debug: null
    } as unknown as Context
    const delivery = { tokens: tokensOf(settings().headers, '0'), chain: null, ownFields: null, buffer: 0, holds: () => false } as unknown as Delivery
    const exchange = new Exchange(context, { send: end } as unknown as FastifyReply, upstream, delivery)
    exchange.send()
    if (policy.leaves >= 0) {
      time.after(policy.leaves, () => {
        response.destroyed = true
        exchange.cancel()
      })
    }
    time.runAll()
    return { sent, answers, ...counts }
  } finally {
    restore()
  }
}

function judge (plan: readonly Manner[], policy: Policy): void {
  const { sent, answers, begun, ended, leases, lastEnd, atOnce, budgeted } = simulate(plan, policy)
  const say = (what: string): string => `${what}: ${JSON.stringify({ sent, answers, budgeted })}`
  if (answers.length > 1 || (policy.leaves < 0 && answers.length !== 1)) throw new Error(say('not exactly one answer'))
  if (begun !== sent.length || ended !== begun) throw new Error(say(`${begun} attempts began, ${ended} ended`))
  if (lastEnd > (answers[0] ?? policy.leaves)) throw new Error(say(`an attempt that nobody waited for ran until ${lastEnd}`))
  if (leases !== 0) throw new Error(say('connections were not given back'))
  if (policy.total > 0) {
    for (const { at } of sent) if (at >= policy.total) throw new Error(say('an attempt after the deadline'))
    for (const at of answers) if (at > policy.total) throw new Error(say('an answer after the deadline'))
  }
  if (policy.leaves >= 0) for (const { at } of sent) if (at > policy.leaves) throw new Error(say('an attempt after the client has left'))
  if (sent.length > 1 + budgeted) throw new Error(say('an attempt that no budget has paid for'))
  const hedged = policy.hedge > 0 && (policy.method === 'GET' || policy.method === 'HEAD') ? 1 : 0
  if (sent.length > 1 + policy.retries + hedged) throw new Error(say('more attempts than retries'))
  if (atOnce > 1 + hedged) throw new Error(say('attempts at once'))
  if (policy.method === 'POST' && sent.filter(({ connected }) => connected).length > 1) throw new Error(say('a POST was sent twice'))
  if (sent.some(({ body }) => body !== sent[0]?.body)) throw new Error(say('another body'))
}

t.test('whatever targets do: one answer, in time, within retries and budget; everything ends once and is given back', async t => {
  let runs = 0
  holds(t, fc.property(manners, policies, (plan, policy) => {
    runs++
    judge(plan, policy)
  }), { numRuns: 3000 })
  t.ok(runs >= 3000)
})

t.test('a stream that goes up is destroyed when the client leaves, also in a pause and before there is a connection', async t => {
  // the pause is half of the longest
  t.intercept(Math, 'random', { value: () => 0.5 })
  const refuses: Manner = { connect: 0, refuses: true, head: 0, status: 200, body: 0, retryAfter: 0 }
  const policy: Policy = { retries: 5, total: 0, read: 1000, method: 'POST', reasons: ['connect'], hedge: 0, backoff: 10_000, reserve: 100, targets: 1, leaves: 1 }
  for (const manner of [refuses, { ...refuses, connect: 300, refuses: false }, { ...refuses, refuses: false, head: 300 }]) {
    const body = new Readable({ read () {} })
    t.match(simulate([manner], policy, body), { sent: { length: 1 }, answers: [] })
    t.ok(body.destroyed)
  }
})

t.test('a pause that would end after the deadline is not begun', async t => {
  const busy: Manner = { connect: 0, refuses: false, head: 0, status: 503, body: 0, retryAfter: 1 }
  const policy: Omit<Policy, 'total'> = { retries: 5, read: 1000, method: 'GET', reasons: [503], hedge: 0, backoff: 0, reserve: 100, targets: 1, leaves: -1 }
  const late = simulate([busy], { ...policy, total: 900 })
  t.match(late, { sent: { length: 1 }, answers: [0] }, 'the answer that is here goes to the client at once')
  t.match(simulate([busy], { ...policy, total: 2500 }), { sent: [{ at: 0 }, { at: 1000 }, { at: 2000 }], answers: [2000] })
  t.match(simulate([{ ...busy, status: 'never' }], { ...policy, total: 500 }), { sent: { length: 1 }, answers: [500] })
})
