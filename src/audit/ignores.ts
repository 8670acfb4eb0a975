import type { AuditIgnore } from '../config/gateway-settings.ts'
import { nearest } from '../config/nearest.ts'
import type { AuditRuleText, Hit } from './rule.ts'

/** What there is to say about `gateway.audit.ignore` itself. */
export const expiredIgnore: AuditRuleText = {
  id: 'expired-ignore',
  severity: 'medium',
  title: 'an exception whose time is over',
  why: 'It was granted until a day, and what it was granted for is still there.',
  mend: 'Mend what it ignores; or look at the reason again, and write a later `until`.'
}

export const unusedIgnore: AuditRuleText = {
  id: 'unused-ignore',
  severity: 'low',
  title: 'an exception that excepts nothing',
  why: 'What it was granted for is gone, or stands elsewhere; the next mistake at its place would pass unseen.',
  mend: 'Remove it, or correct `rule` and `path`.'
}

/** Splits what was found by the exceptions of the file. */
export class Ignores {
  readonly #ignores: readonly AuditIgnore[]
  readonly #used = new Set<number>()
  readonly #today: string

  /** @param now milliseconds since the epoch */
  constructor (ignores: readonly AuditIgnore[], now: number) {
    this.#ignores = ignores
    this.#today = new Date(now).toISOString().slice(0, 10)
  }

  /** Whether the file says not to tell; the day of `until` counts still, in UTC. */
  covers (rule: string, path: string): boolean {
    let covered = false
    for (const [index, ignore] of this.#ignores.entries()) {
      if (ignore.rule !== rule || !within(path, ignore.path)) continue
      this.#used.add(index)
      covered ||= !this.#expired(ignore)
    }
    return covered
  }

  /** What is wrong with the exceptions, once all was asked for. @param rules ids that there are */
  * problems (rules: ReadonlySet<string>): Generator<Hit & { readonly rule: AuditRuleText }> {
    for (const [index, ignore] of this.#ignores.entries()) {
      const pointer = `/gateway/audit/ignore/${index}`
      if (!rules.has(ignore.rule)) {
        const guess = nearest(ignore.rule, rules)
        yield { rule: unusedIgnore, pointer: `${pointer}/rule`, severity: 'medium', cause: `there is no rule '${ignore.rule}'`, ...guess === undefined ? {} : { mend: `Did you mean '${guess}'?` } }
      } else if (!this.#used.has(index)) {
        yield { rule: unusedIgnore, pointer: `${pointer}/${ignore.path === undefined ? 'rule' : 'path'}`, cause: `'${ignore.rule}' finds nothing${ignore.path === undefined ? '' : ' there'}` }
      } else if (this.#expired(ignore)) {
        yield { rule: expiredIgnore, pointer: `${pointer}/until`, cause: `'${ignore.rule}' was to be ignored until ${ignore.until}` }
      }
    }
  }

  #expired ({ until }: AuditIgnore): boolean {
    return until < this.#today
  }
}

/** `services[users]` has `services[users].routes[0]` in it, and not `services[users2]`. */
function within (path: string, around: string | undefined): boolean {
  return around === undefined || path === around || (path.startsWith(around) && /^[.[]/.test(path.slice(around.length)))
}
