/** The rules of `sallyport audit`, in the order of docs/audit-rules.md. They know the built-in plugins by name, and what their values mean. */
import type { AuditRule } from '../rule.ts'
import { authenticationRules } from './authentication.ts'
import { browserRules } from './browser.ts'
import { graphqlRules } from './graphql.ts'
import { limitRules } from './limits.ts'
import { perimeterRules } from './perimeter.ts'
import { tokenRules } from './tokens.ts'
import { transportRules } from './transport.ts'
import { upstreamRules } from './upstreams.ts'

/** One chapter of the page a group. */
export const ruleGroups: ReadonlyArray<{ readonly title: string, readonly rules: readonly AuditRule[] }> = [
  { title: 'Who calls', rules: authenticationRules },
  { title: 'Tokens', rules: tokenRules },
  { title: 'What travels', rules: transportRules },
  { title: 'Limits', rules: limitRules },
  { title: 'GraphQL', rules: graphqlRules },
  { title: 'Browsers', rules: browserRules },
  { title: 'Services', rules: upstreamRules },
  { title: 'Edges and records', rules: perimeterRules }
]

export const auditRules: readonly AuditRule[] = ruleGroups.flatMap(({ rules }) => rules)
