import type { axios as Axios, Client, ClientOptions } from 'acme-client'

type Asked = Parameters<typeof Axios.request>[0]

interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: unknown }
}

/** What the library's client has inside. */
interface Inside {
  http: { request (url: string, method: string, options?: Asked): Promise<Answer> }
  waitForValidStatus (item: unknown): Promise<unknown>
}

/** Of one request, the first included. */
const ATTEMPTS = 6
/** After the first failure; after the second twice as long, and so on. In milliseconds. */
const PAUSE = 5_000
/** Longest that an authority's `Retry-After` is heeded within an order. */
const LONGEST_PAUSE = 60_000
/** How often an order that is being looked at is asked for. */
const LOOKS = 20
const FIRST_LOOK = 1_000
const LAST_LOOK = 15_000
/** As the library says it. */
const PENDING = 'Operation is pending or processing'

/**
 * A client of an authority that asks nothing more once `signal` has fallen: no request, no socket and no timer is left.
 *
 * The library's own can't be called off: it asks an authority that is gone five times more, and looks after an order twenty
 * times, with timers that keep a process from ending for minutes.
 */
export async function clientOf (options: ClientOptions, signal: AbortSignal): Promise<Client> {
  // 30 MB that others don't need
  const { Client, axios } = await import('acme-client')
  const client = new Client({ ...options, backoffAttempts: 1 })
  const inside = client as unknown as Inside
  // with the library's settings, and without what it does about failures
  const plain = axios.create()
  inside.http.request = async (url, method, given) => {
    // a status is the caller's to judge; a dozen requests in two months need no connection that is kept
    const asked: Asked = { ...given, url, method, signal, validateStatus: null, headers: { ...given?.headers, 'Content-Type': 'application/jose+json', Connection: 'close' } }
    for (let attempt = 1; ; attempt++) {
      let wait = PAUSE * attempt
      try {
        const answer: Answer = await plain.request(asked)
        if (!isBusy(answer) || attempt === ATTEMPTS) return answer
        wait = askedPause(answer) ?? wait
      } catch (error) {
        signal.throwIfAborted()
        if (attempt === ATTEMPTS) throw error
      }
      await pause(wait, signal)
    }
  }
  const look = inside.waitForValidStatus.bind(client)
  inside.waitForValidStatus = async item => {
    for (let count = 1; ; count++) {
      try {
        return await look(item)
      } catch (error) {
        if ((error as Error).message !== PENDING || count === LOOKS) throw error
      }
      await pause(Math.min(FIRST_LOOK * 2 ** (count - 1), LAST_LOOK), signal)
    }
  }
  return client
}

/** RFC 8555 section 6.6, and failures that pass. */
function isBusy ({ status }: Answer): boolean {
  return status === 429 || status >= 500
}

function askedPause ({ headers }: Answer): number | undefined {
  const text = String(headers['retry-after'] ?? '')
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return wait > 0 ? Math.min(wait, LONGEST_PAUSE) : undefined
}

/** @throws what the signal says, when it falls before */
export async function pause (milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  let wake = (): void => {}
  const timer = setTimeout(() => wake(), milliseconds)
  const called = (): void => wake()
  signal.addEventListener('abort', called)
  await new Promise<void>(resolve => { wake = resolve })
  signal.removeEventListener('abort', called)
  clearTimeout(timer)
  signal.throwIfAborted()
}
