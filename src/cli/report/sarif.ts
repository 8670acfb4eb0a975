import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compare, type Diagnostic, type Range } from '../../config/diagnostics.ts'
import { rules } from '../../config/rules.ts'

/** SARIF 2.1.0 (OASIS), as code scanning tools read it. */
export function sarifReport (diagnostics: readonly Diagnostic[], version: string): string {
  const sorted = [...diagnostics].sort(compare)
  const ids = [...new Set(sorted.map(diagnostic => diagnostic.rule))].sort()
  return `${JSON.stringify({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: {
        driver: {
          name: 'sallyport',
          version,
          rules: ids.map(id => ({ id, shortDescription: { text: rules[id] ?? id } }))
        }
      },
      columnKind: 'utf16CodeUnits',
      results: sorted.map(diagnostic => result(diagnostic, ids))
    }]
  }, null, 2)}\n`
}

function result ({ rule, severity, file, range, path, cause, mend, related = [] }: Diagnostic, ids: readonly string[]): object {
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: severity,
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
