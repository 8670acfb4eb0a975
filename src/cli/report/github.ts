import { compare, type Diagnostic } from '../../config/diagnostics.ts'

/** Workflow commands: GitHub shows each at its line of the pull request. */
export function githubReport (diagnostics: readonly Diagnostic[]): string {
  return [...diagnostics].sort(compare).map(diagnostic => githubCommand(diagnostic, diagnostic.severity)).join('')
}

export function githubCommand ({ rule, file, range, path, cause, mend }: Omit<Diagnostic, 'severity'>, command: 'error' | 'warning' | 'notice'): string {
  const properties: Record<string, string | number> = {
    file, line: range.line, endLine: range.endLine, title: rule
  }
  // Columns are only valid on one line.
  if (range.endLine === range.line) {
    properties['col'] = range.column
    properties['endColumn'] = range.endColumn
  }
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',')
  const message = `${path === '' ? '' : `${path}: `}${cause}. Mend: ${mend}`
  return `::${command} ${list}::${escapeData(message)}\n`
}

function escapeData (text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty (text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
