import { maskSecrets } from '../../cli/report/mask.ts'
import { CUT } from '../../cli/print/tree.ts'
import { createValueCutter } from '../../config/cut-values.ts'
import { credentialSecrets, GATEWAY_SECRETS, healthCheckSecrets, secretsIn } from '../../config/lint/secrets.ts'
import type { Pointer, Config } from '../../config/model.ts'
import type { Source } from '../../config/source.ts'
import type { LoadedPlugins } from '../../plugins.ts'
import { mapSteps, type Steps } from '../../steps.ts'

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** Lines that are looked through at once: a value that stands on several lines is written in another way on each. */
const AT_ONCE = 500

/** The text of a file, line for line, without secrets: those that its schemas name, and all that looks like one. */
export function * sourceText (file: { readonly config: Config | null, readonly source: Source, readonly plugins: LoadedPlugins }): Steps<string> {
  const { source } = file
  const lines = source.text.split('\n')
  const values: string[] = []
  for (const pointer of file.config === null ? [] : secretPlaces(file.config, file)) {
    yield
    if (pointer === null) continue
    // from the environment: what stands there is the name of a variable
    if (!source.has(pointer) || source.isSecret(pointer)) continue
    values.push(source.textOf(pointer) ?? '')
    blank(lines, source, pointer)
  }
  // an anchor, a comment: wherever else it stands
  const cutter = createValueCutter(values, CUT)
  yield
  const cut: string[] = []
  for (let from = 0; from < lines.length; from += AT_ONCE) {
    cut.push(cutter(lines.slice(from, from + AT_ONCE).join('\n')))
    yield
  }
  const without = cut.join('\n').replace(PRIVATE_KEY, key => key.split('\n').map((_, index) => index === 0 ? CUT : '').join('\n')).split('\n')
  yield
  return (yield * mapSteps(without, maskSecrets)).join('\n')
}

/** null: nothing yet. */
function * secretPlaces (config: Config, { source, plugins }: { readonly source: Source, readonly plugins: LoadedPlugins }): Generator<Pointer | null> {
  yield * GATEWAY_SECRETS
  for (const { pointer } of credentialSecrets(config, source)) yield pointer
  for (const { pointer } of healthCheckSecrets(config)) yield pointer
  for (const { pointer } of config.certificates) yield `${pointer}/key`
  for (const entry of config.plugins) {
    yield null
    for (const { pointer } of secretsIn(entry.config, plugins.registry.get(entry.name)?.schema, `${entry.pointer}/config`)) yield pointer
  }
}

/** Keeps what stands around the value, and the number of lines. */
function blank (lines: string[], source: Source, pointer: Pointer): void {
  const { line, column, endLine, endColumn } = source.locate(pointer)
  for (let number = line; number <= Math.min(endLine, lines.length); number++) {
    const text = lines[number - 1] as string
    const from = number === line ? column - 1 : 0
    const to = number === endLine ? endColumn - 1 : text.length
    lines[number - 1] = `${text.slice(0, from)}${number === line ? '*'.repeat(Math.max(to - from, 0)) : ''}${text.slice(to)}`
  }
}
