/** Reports of `sallyport audit`, in the forms that `check` has, and as Markdown. */
import type { Audit } from '../../audit/audit.ts'
import { ruleTitles } from '../../audit/audit.ts'
import type { AuditFinding } from '../../audit/findings.ts'
import { SEVERITIES, type AuditSeverity } from '../../audit/rule.ts'
import { rules } from '../../config/rules.ts'
import { Lines } from '../../config/yaml/lines.ts'
import type { Painter } from '../paint.ts'
import { githubCommand } from './github.ts'
import { sarifDocument, type SarifFinding } from './sarif.ts'
import { textEntry } from './text.ts'

/** What is reported: findings that are to be shown, of a whole audit. */
export interface AuditReport {
  readonly file: string
  readonly findings: readonly AuditFinding[]
  readonly audit: Audit
}

/** @param text of the file, for the source lines */
export function auditText ({ file, findings, audit }: AuditReport, text: string, paint: Painter): string {
  const lines = new Lines(text)
  const entries = findings.map(finding => textEntry(finding, lines, paint, {
    label: finding.severity,
    mark: MARKS[finding.severity](paint),
    notes: [...elsewhere(finding), ['why', finding.why], ['more', finding.docs]]
  }))
  const summary = [countBySeverity(findings), ...asides(audit, audit.findings.length - findings.length)].join('; ')
  return `${entries.map(entry => `${entry}\n`).join('')}${findings.length === 0 ? `${paint.good('ok:')} ${file}: ` : ''}${paint.strong(summary)}\n`
}

/** More lines than that are a number. */
const SHOWN = 8

function elsewhere ({ also = [] }: AuditFinding): Array<[string, string]> {
  if (also.length === 0) return []
  const lines = [...new Set(also.map(({ line }) => line))]
  const rest = lines.length - SHOWN
  return [['also at', `${lines.length === 1 ? 'line' : 'lines'} ${lines.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`]]
}

const MARKS: Readonly<Record<AuditSeverity, (paint: Painter) => (text: string) => string>> = {
  critical: paint => paint.error,
  high: paint => paint.error,
  medium: paint => paint.warning,
  low: paint => paint.strong,
  info: paint => paint.faint
}

/** `1 high, 2 low`. */
function countBySeverity (findings: readonly AuditFinding[]): string {
  const parts = SEVERITIES.map(severity => [findings.filter(finding => finding.severity === severity).length, severity] as const).filter(([count]) => count > 0)
  return parts.length === 0 ? 'nothing to tell' : parts.map(([count, severity]) => `${count} ${severity}`).join(', ')
}

function asides ({ ignored, known, mended }: Audit, hidden: number): string[] {
  return [
    ...hidden === 0 ? [] : [`${hidden} less severe not shown`],
    ...ignored === 0 ? [] : [`${ignored} ignored by the file`],
    ...known === 0 ? [] : [`${known} in the baseline`],
    ...mended === 0 ? [] : [`${mended} of the baseline mended: write it anew`]
  ]
}

/** Documented in docs/audit.md. Fields may be added, none is removed or changes its meaning. */
export function auditJson ({ file, findings, audit }: AuditReport): string {
  const counts = Object.fromEntries(SEVERITIES.map(severity => [severity, findings.filter(finding => finding.severity === severity).length]))
  const { ignored, known, mended } = audit
  return `${JSON.stringify({ version: 1, file, counts, hidden: audit.findings.length - findings.length, ignored, known, mended, findings }, null, 2)}\n`
}

/** Of CVSS: what code scanning sorts by. */
const SCORES: Readonly<Record<AuditSeverity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '3.0', info: '0.0' }
const LEVELS = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' } as const

export function auditSarif ({ findings }: AuditReport, version: string): string {
  const titles = ruleTitles()
  const first = new Map([...findings].reverse().map(finding => [finding.rule, finding]))
  return sarifDocument(findings.map(sarifFinding), version, id => {
    const finding = first.get(id)
    return {
      shortDescription: { text: titles.get(id) ?? rules[id] ?? id },
      fullDescription: { text: finding?.why ?? '' },
      help: { text: `${finding?.mend} See ${finding?.docs}.` },
      properties: { tags: ['security'], 'security-severity': SCORES[finding?.severity ?? 'info'] }
    }
  })
}

/** Places beside the first; a log of a thousand helps nobody. */
function sarifFinding ({ severity, also = [], related = [], ...finding }: AuditFinding): SarifFinding {
  return { ...finding, level: LEVELS[severity], related: [...related, ...also.slice(0, 20).map(range => ({ range, message: 'and here' }))] }
}

const COMMANDS = { critical: 'error', high: 'error', medium: 'warning', low: 'notice', info: 'notice' } as const

export function auditGithub ({ findings }: AuditReport): string {
  return findings.map(finding => githubCommand({ ...finding, cause: `${finding.cause} (${finding.severity})` }, COMMANDS[finding.severity])).join('')
}

/** For a comment at a pull request. */
export function auditMarkdown ({ file, findings, audit }: AuditReport): string {
  const summary = [countBySeverity(findings), ...asides(audit, audit.findings.length - findings.length)].join('; ')
  const head = `### Audit of \`${file}\`\n\n${summary.replace(/^n/, 'N')}.\n`
  if (findings.length === 0) return head
  const rows = findings.map(({ severity, rule, range, cause, mend, docs }) =>
    `| ${severity} | ${file}:${range.line} | ${cell(cause)} (\`${rule}\`) | ${cell(mend)} | \`${docs}\` |`)
  return `${head}\n| Severity | Place | What | Mend | More |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}

function cell (text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ').replaceAll('<', '&lt;')
}
