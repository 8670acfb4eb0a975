/** Writes docs/audit-rules.md anew: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { adoptedRules } from '../src/audit/adopted.ts'
import { expiredIgnore, unusedIgnore } from '../src/audit/ignores.ts'
import { SEVERITIES, type AuditRuleText } from '../src/audit/rule.ts'
import { ruleGroups } from '../src/audit/rules/index.ts'
import { rules as checkRules } from '../src/config/rules.ts'

const file = resolve(import.meta.dirname, '../../docs/audit-rules.md')

/** The page, of the rules themselves. */
export function auditRulesPage (): string {
  const groups = [...ruleGroups, { title: 'Exceptions', rules: [expiredIgnore, unusedIgnore] }]
  return `# Rules of the audit

What \`sallyport audit\` looks for; [audit.md](audit.md) tells how it is used. This page is generated from the rules. A rule may be
worse or less bad at one place than at another; the severity here is the usual one.

${groups.map(({ title, rules }) => `- ${title}: ${rules.map(({ id }) => `[${id}](#${id})`).join(', ')}`).join('\n')}
- [What check finds](#what-check-finds)

${groups.map(({ title, rules }) => `## ${title}\n\n${rules.map(section).join('\n')}`).join('\n')}
## What check finds

Warnings of \`sallyport check\` that matter here are told by the audit, too, with a severity. Their page is [check.md](check.md).

| Rule | Severity | What | Why |
|---|---|---|---|
${adopted().join('\n')}
`
}

function section ({ id, severity, title, why, mend }: AuditRuleText): string {
  return `### ${id}\n\n**${severity}**: ${title}. ${why}\n\nMend: ${mend}\n`
}

function adopted (): string[] {
  return Object.entries(adoptedRules)
    .sort(([, one], [, other]) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
    .map(([id, { severity, why }]) => `| [${id}](check.md#${id}) | ${severity} | ${checkRules[id]} | ${why} |`)
}

/** Whether the page is what the rules say. */
export function isAuditRulesPageCurrent (): boolean {
  return readFileSync(file, 'utf8') === auditRulesPage()
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(file, auditRulesPage())
