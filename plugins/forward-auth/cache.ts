import { createHash } from 'node:crypto'
import type { HeaderList } from '../../src/plugin.ts'
import type { Permission } from './answer.ts'

/** Questions kept. The oldest goes first: bounded memory against a flood of them. */
const MOST = 10_000

/** Permissions by the whole question, so that none counts for a request that the authoriser could tell from the one it saw. */
export class PermissionCache {
  readonly #kept = new Map<string, { readonly permission: Permission, readonly until: number }>()
  readonly #ttl: number
  readonly #now: () => number

  /** @param ttl milliseconds */
  constructor (ttl: number, now: () => number) {
    this.#ttl = ttl
    this.#now = now
  }

  /** Hashed: what is asked about has tokens in it. */
  key (question: readonly string[]): string {
    return createHash('sha256').update(JSON.stringify(question)).digest('base64')
  }

  get (key: string): Permission | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.until > this.#now()) return kept.permission
    this.#kept.delete(key)
    return undefined
  }

  put (key: string, permission: Permission, headers: HeaderList): void {
    if (permission.clientHeaders.length > 0 || /(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(headers.getAll('cache-control').join(','))) return
    if (this.#kept.size >= MOST) {
      const [oldest] = this.#kept.keys()
      this.#kept.delete(oldest as string)
    }
    this.#kept.set(key, { permission, until: this.#now() + this.#ttl })
  }
}
