import type { Spot } from './findings.ts'

/** What was there when somebody began to look: it is not told until it changes its place. */
export interface Baseline {
  readonly version: 1
  readonly findings: ReadonlyArray<{ readonly rule: string, readonly path: string }>
}

/** A text that is no baseline. */
export class BaselineError extends Error {}

/** @throws {BaselineError} */
export function readBaseline (text: string): Baseline {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BaselineError('it is no JSON')
  }
  const { version, findings } = (value ?? {}) as Partial<Baseline>
  const good = version === 1 && Array.isArray(findings) && findings.every(item => typeof item?.rule === 'string' && typeof item.path === 'string')
  if (!good) throw new BaselineError('it is no baseline: write one with --write-baseline')
  return { version, findings }
}

/** The text of a baseline of what was found: sorted, a line each, so that differences read well. */
export function writeBaseline (spots: readonly Spot[]): string {
  const lines = new Set(spots.map(({ rule, path }) => `    ${JSON.stringify({ rule, path })}`))
  return `{\n  "version": 1,\n  "findings": [\n${[...lines].sort().join(',\n')}\n  ]\n}\n`
}

export function baselineKey ({ rule, path }: { readonly rule: string, readonly path: string }): string {
  return `${rule}\n${path}`
}
