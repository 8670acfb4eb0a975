/** From a text to what its mistakes can be shown in: of gateway.yaml, and of files that are written like it. */
import type { YamlNode } from './yaml/nodes.ts'
import { parseYaml } from './yaml/parse.ts'
import type { Parsed } from './yaml/parsed.ts'
import { Report } from './report.ts'
import { Source } from './source.ts'
import { expandsTooFar, toValue } from './yaml/values.ts'

export interface ReadSource extends Pick<Parsed, 'candidates'> {
  readonly source: Source
  /** Has what is wrong with the text as YAML. */
  readonly report: Report
}

export function readSource (file: string, text: string): ReadSource {
  const plain = text.replace(/^\uFEFF/, '')
  const { root, problems, candidates } = parseYaml(plain)
  const source = new Source(file, plain, root)
  const report = new Report(file)
  for (const { start, end, pointer, related = [], ...finding } of problems) {
    report.add(source.lines.range(start, end), source.describe(pointer), {
      ...finding,
      related: related.map(place => ({ range: source.lines.range(place.start, place.end), message: place.message }))
    })
  }
  return { source, report, candidates }
}

/** The values of a text; undefined: its aliases expand too far, which is reported. */
export function boundedValue (root: YamlNode, source: Source, report: Report): unknown {
  const bomb = expandsTooFar(root)
  if (bomb === undefined) return toValue(root)
  report.add(source.lines.range(bomb.start, bomb.end), '', { rule: 'alias-limit', cause: 'aliases expand to more than a million values, or nest more than 200 deep', mend: 'Use fewer aliases inside of anchors.' })
  return undefined
}
