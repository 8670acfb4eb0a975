import type { Pointer } from '../config/model.ts'
import type { AuditContext } from './context.ts'

/** From bad to harmless. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const

export type AuditSeverity = typeof SEVERITIES[number]

/** What a rule says about itself: docs/audit-rules.md is made of it. */
export interface AuditRuleText {
  /** Stable, kebab-case; none is also a rule of `check`. */
  readonly id: string
  readonly severity: AuditSeverity
  /** What it finds, in a few words. */
  readonly title: string
  /** One sentence: what can happen. */
  readonly why: string
  /** One sentence: what to write instead. */
  readonly mend: string
}

export interface AuditRule extends AuditRuleText {
  find (context: AuditContext): Iterable<Hit>
}

/** One place where a rule applies. Ignores and baselines look at hits; what is told is folded afterwards. */
export interface Hit {
  /** The value; one that the file leaves to its default is named all the same. */
  readonly pointer: Pointer
  /** What is wrong here, without a full stop. As a function it gets the subjects of all hits of the rule, which are then one finding. */
  readonly cause: string | ((subjects: string) => string)
  /** Of a function: `route 'users'`. */
  readonly subject?: string
  /** Where the one of the rule doesn't fit. */
  readonly mend?: string
  /** Where it is worse or better than the rule. */
  readonly severity?: AuditSeverity
}

/** Whether one is at least as bad as the other. */
export function atLeast (one: AuditSeverity, other: AuditSeverity): boolean {
  return SEVERITIES.indexOf(one) <= SEVERITIES.indexOf(other)
}
