import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'

/**
 * Errors after which nothing was counted: Redis was started anew, or told to forget the script; a slot has moved, of which a
 * pipeline as a whole doesn't know where to, the last one being ioredis' own word for that before it sends anything. `eval`
 * goes alone, after the slot (see connect.ts).
 */
const NOT_COUNTED = /^(?:NOSCRIPT|MOVED|ASK|TRYAGAIN|All keys in the pipeline)\b/

/** A script that Redis runs: by its hash where Redis knows it. */
export class Script {
  readonly #text: string
  readonly #sha: string

  constructor (text: string) {
    this.#text = text
    this.#sha = createHash('sha1').update(text).digest('hex')
  }

  /** @param args number of keys, keys, then what the script calls ARGV. @throws what ioredis has to say */
  async run (client: Redis | Cluster, args: ReadonlyArray<string | number | Buffer>): Promise<unknown> {
    const [keys, ...rest] = args as [number, ...string[]]
    try {
      return await client.evalsha(this.#sha, keys, ...rest)
    } catch (error) {
      if (!NOT_COUNTED.test(String((error as Error).message))) throw error
      return await client.eval(this.#text, keys, ...rest)
    }
  }
}
