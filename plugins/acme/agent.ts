import type { FastifyBaseLogger, ServerIdentities } from '../../src/plugin.ts'
import { openAccount, type AccountOptions } from './account.ts'
import { pause } from './authority.ts'
import { type Issued, renewalOf, show, type Shown } from './issued.ts'
import type { Storage } from './storage.ts'

export interface AgentOptions extends AccountOptions {
  readonly domains: readonly string[]
  readonly challenge: 'http-01' | 'tls-alpn-01'
  readonly renew_threshold_days: number
  readonly fail_backoff_minutes: number
  readonly orders_per_hour: number
  readonly preferred_chain?: string
}

export interface AgentServices {
  readonly storage: Storage
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  readonly now: () => number
  /** Between two looks at what there is, and at what is due, in milliseconds. */
  readonly interval: number
  /** Until other processes have seen a challenge. */
  readonly settle: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** An order that takes longer has failed. */
const LOCK = 15 * MINUTE

/** For a look that is under way when the process ends, in milliseconds. */
const PATIENCE = 1_000

interface Failure {
  readonly count: number
  readonly until: number
}

/**
 * Keeps certificates of some names: shows what the storage has, and orders what is missing or due. One process at a time orders;
 * the others find what it got at their next look.
 */
export class Agent implements ServerIdentities {
  readonly #options: AgentOptions
  readonly #services: AgentServices
  readonly #shown = new Map<string, Shown>()
  readonly #challenges = new Map<string, Issued>()
  readonly #orders: number[] = []
  #challengeText = ''
  #timer: NodeJS.Timeout | undefined
  #watcher: NodeJS.Timeout | undefined
  #closed = false
  /** Falls when it is closed: an order under way is given up. */
  readonly #end = new AbortController()
  /** The look under way. */
  #looking: Promise<void> = Promise.resolve()
  /** Gives the lock back that it holds. */
  #release: (() => Promise<void>) | null = null

  constructor (options: AgentOptions, services: AgentServices) {
    this.#options = options
    this.#services = services
  }

  /** Shows what there is; then looks again and again, orders included. */
  async start (): Promise<void> {
    // a storage that is down for now keeps no gateway from starting: the look asks it again
    await this.#refresh().catch(error => this.#services.log.warn({ reason: reasonOf(error) }, 'the storage of certificates can\'t be asked'))
    if (this.#options.challenge === 'tls-alpn-01' && this.#services.settle > 0) {
      this.#watcher = setInterval(() => { this.#readChallenge().catch(() => {}) }, this.#services.settle / 4).unref()
    }
    this.#schedule(0)
  }

  certificateFor (servername: string): Issued | null {
    return this.#shown.get(servername)?.pair ?? null
  }

  challengeFor (servername: string): Issued | null {
    return this.#challenges.get(servername) ?? null
  }

  answerFor (host: string, token: string): Promise<string | null> | undefined {
    return this.#options.challenge === 'http-01' && this.#options.domains.includes(host) ? this.#services.storage.get(`token:${token}`) : undefined
  }

  async close (): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearInterval(this.#watcher)
    this.#end.abort(new Error('the gateway ends'))
    // what is being written is written
    let timer: NodeJS.Timeout | undefined
    await Promise.race([this.#looking, new Promise(resolve => { timer = setTimeout(resolve, PATIENCE) })])
    clearTimeout(timer)
    // an order under way is given up: the next process need not wait until its lock lapses
    const release = this.#release
    this.#release = null
    await release?.().catch(() => {})
    await this.#services.storage.close()
  }

  #schedule (delay: number): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().catch(error => {
        if (!this.#closed) this.#services.log.warn({ reason: reasonOf(error) }, 'the storage of certificates can\'t be asked')
      }).finally(() => this.#schedule(this.#services.interval)).catch(() => {})
    }, delay).unref()
  }

  async #look (): Promise<void> {
    await this.#refresh()
    for (const domain of this.#options.domains) {
      if (this.#closed) return
      if (this.#isDue(domain)) await this.#renew(domain)
    }
  }

  #isDue (domain: string): boolean {
    const shown = this.#shown.get(domain)
    return shown === undefined || renewalOf(shown, this.#options.renew_threshold_days) <= this.#services.now()
  }

  async #refresh (): Promise<void> {
    for (const domain of this.#options.domains) await this.#load(domain)
  }

  /** Takes over what another process has got. */
  async #load (domain: string): Promise<void> {
    const text = await this.#services.storage.get(`cert:${domain}`)
    if (text === null || text === this.#shown.get(domain)?.text) return
    try {
      this.#shown.set(domain, show(text))
    } catch {
      this.#services.log.error({ domain }, 'a kept certificate can\'t be used: another one is ordered')
    }
  }

  async #renew (domain: string): Promise<void> {
    const { storage, log, now } = this.#services
    const failure = JSON.parse(await storage.get(`failure:${domain}`) ?? 'null') as Failure | null
    if ((failure !== null && failure.until > now()) || !this.#mayOrder()) return
    const release = await storage.lock('lock', LOCK)
    if (release === null) return
    this.#release = release
    try {
      // somebody else may have had the lock a moment ago
      await this.#load(domain)
      if (!this.#isDue(domain)) return
      this.#orders.push(now())
      const text = JSON.stringify(await within(LOCK - MINUTE, this.#end.signal, signal => this.#order(domain, signal)))
      const shown = show(text)
      await storage.set(`cert:${domain}`, text)
      this.#shown.set(domain, shown)
      await storage.delete(`failure:${domain}`)
      log.info({ domain, until: new Date(shown.notAfter).toISOString() }, 'a certificate was issued')
    } catch (error) {
      // nobody has failed: whoever looks next orders at once
      if (this.#closed) return
      const count = (failure?.count ?? 0) + 1
      const wait = Math.min(this.#options.fail_backoff_minutes * MINUTE * 2 ** Math.min(count - 1, 20), DAY)
      log.error({ domain, reason: reasonOf(error), failures: count, next: new Date(now() + wait).toISOString() }, 'no certificate was issued')
      await storage.set(`failure:${domain}`, JSON.stringify({ count, until: now() + wait } satisfies Failure), wait + DAY)
    } finally {
      this.#release = null
      await release()
    }
  }

  #mayOrder (): boolean {
    const { now } = this.#services
    while ((this.#orders[0] ?? Infinity) <= now() - HOUR) this.#orders.shift()
    return this.#orders.length < this.#options.orders_per_hour
  }

  async #order (domain: string, signal: AbortSignal): Promise<Issued> {
    const { storage, settle } = this.#services
    const { challenge: type, preferred_chain: chain } = this.#options
    const { crypto } = await import('acme-client')
    const client = await openAccount(this.#options, storage, signal)
    const key = (await crypto.createPrivateEcdsaKey()).toString()
    const [, csr] = await crypto.createCsr({ altNames: [domain] }, key)
    const cert = await client.auto({
      csr,
      termsOfServiceAgreed: this.#options.tos_accepted,
      challengePriority: [type],
      // the authority looks; we might not reach our own public address
      skipChallengeVerification: true,
      ...chain === undefined ? {} : { preferredChain: chain },
      challengeCreateFn: async (authorization, challenge, answer) => {
        if (challenge.type !== type) throw new Error(`the authority offers no ${type}`)
        if (type === 'http-01') {
          await storage.set(`token:${challenge.token}`, answer, LOCK)
          return
        }
        // ECDSA: laid over an ECDSA default one, an RSA certificate would not be shown (see `mixed-keys`)
        const [alpnKey, alpnCert] = await crypto.createAlpnCertificate(authorization, answer, await crypto.createPrivateEcdsaKey())
        await storage.set('challenge', JSON.stringify({ domain, cert: String(alpnCert), key: String(alpnKey) }), LOCK)
        await this.#readChallenge()
        if (settle > 0) await pause(settle, signal)
      },
      challengeRemoveFn: async (_authorization, challenge) => {
        if (challenge.type === 'http-01') await storage.delete(`token:${challenge.token}`)
        else await storage.delete('challenge')
        if (type === 'tls-alpn-01') await this.#readChallenge()
      }
    })
    return { cert, key }
  }

  /** What the process that orders shows, all others must, too: the authority may come to any of them. */
  async #readChallenge (): Promise<void> {
    const text = await this.#services.storage.get('challenge') ?? ''
    if (text === this.#challengeText) return
    this.#challengeText = text
    this.#challenges.clear()
    if (text === '') return
    const { domain, cert, key } = JSON.parse(text) as Issued & { domain: string }
    if (this.#options.domains.includes(domain)) this.#challenges.set(domain, { cert, key })
  }
}

/**
 * An authority that says nothing would be waited for until the process ends.
 *
 * @param end calls the work off before; its end is waited for, since it tidies up
 */
async function within <Value> (milliseconds: number, end: AbortSignal, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const reason = new Error('the order took too long')
      reject(reason)
      late.abort(reason)
    }, milliseconds).unref()
  })
  try {
    return await Promise.race([work(AbortSignal.any([end, late.signal])), tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/** What the authority says, in one line. */
function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message.replace(/\s+/g, ' ').slice(0, 500) : 'unknown'
}
