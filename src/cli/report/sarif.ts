import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compare, type Diagnostic, type Range } from '../../config/diagnostics.ts'
import { rules } from '../../config/rules.ts'

/** What of a finding SARIF has a place for. */
export type SarifFinding = Omit<Diagnostic, 'severity'> & { readonly level: 'error' | 'warning' | 'note' }

/** SARIF 2.1.0 (OASIS), as code scanning tools read it. */
export function sarifReport (diagnostics: readonly Diagnostic[], version: string): string {
  const findings = [...diagnostics].sort(compare).map(({ severity, ...finding }) => ({ ...finding, level: severity }))
  return sarifDocument(findings, version, id => ({ shortDescription: { text: rules[id] ?? id } }))
}

/** @param describe what the document says about a rule */
export function sarifDocument (findings: readonly SarifFinding[], version: string, describe: (rule: string) => object): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))].sort()
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'sallyport',
          version,
          rules: ids.map(id => ({ id, ...describe(id) }))
        }
      },
      columnKind: 'utf16CodeUnits',
      results: findings.map(finding => result(finding, ids))
    }]
  }, null, 2)}\n`
}

function result ({ rule, level, file, range, path, cause, mend, related = [] }: SarifFinding, ids: readonly string[]): object {
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level,
    message: { text: `${cause}. ${mend}` },
    locations: [{
      ...location(file, range),
      ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path }] })
    }],
    ...(related.length === 0
      ? {}
      : { relatedLocations: related.map((place, id) => ({ id, ...location(file, place.range), message: { text: place.message } })) })
  }
}

function location (file: string, range: Range): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: isAbsolute(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll('\\', '/')) },
      region: { startLine: range.line, startColumn: range.column, endLine: range.endLine, endColumn: range.endColumn }
    }
  }
}
