import type { Diagnostic } from '../../../src/config/diagnostics.ts'
import { loadConfig } from '../../../src/config/load.ts'

/** What is found in a file; the first line is added. */
export async function findings (yaml: string, env: Record<string, string> = {}): Promise<Diagnostic[]> {
  const { diagnostics } = await loadConfig({ file: 'gateway.yaml', text: `_format_version: "3.0"\n${yaml}`, env })
  return [...diagnostics]
}

/** The ids of the rules that find something. */
export async function rulesOf (yaml: string, env?: Record<string, string>): Promise<string[]> {
  return (await findings(yaml, env)).map(diagnostic => diagnostic.rule)
}

/** What one rule finds. */
export async function findingsOf (rule: string, yaml: string, env?: Record<string, string>): Promise<Diagnostic[]> {
  return (await findings(yaml, env)).filter(diagnostic => diagnostic.rule === rule)
}

/** A file with routes of one service, each as a YAML flow map without its braces. */
export function routes (...list: readonly string[]): string {
  return `services:\n  - name: s\n    host: s.internal\n    routes:\n${list.map(route => `      - { ${route} }\n`).join('')}`
}
