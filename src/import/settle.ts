/** The last step of every import: what `check` refuses doesn't stay in the file. */
import type { Diagnostic } from '../config/diagnostics.ts'
import { loadConfig } from '../config/load.ts'
import { join } from '../config/pointer.ts'
import { entitiesOf, isClosing, type Draft, type Item, type Place } from './draft.ts'
import { ImportError } from './import-error.ts'
import { follow, PathFinder, type Path } from './paths.ts'
import { render } from './render.ts'
import { repair } from './repair.ts'

export interface SettleOptions {
  readonly draft: Draft
  readonly head: readonly string[]
  /** gateway.yaml as it will be called: relative names in it start at its folder. */
  readonly file: string
  /** Where an item came from. */
  readonly placeOf: (item: object) => Place
}

export interface Settled {
  readonly text: string
  /** Warnings that are left. */
  readonly diagnostics: readonly Diagnostic[]
  /** Of the environment, that have to be set before it runs. */
  readonly variables: readonly string[]
}

/** A file has few kinds of mistakes that hide behind others. */
const ROUNDS = 12

/**
 * Whoever looks at the result sets the variables; what is wrong with a value that nobody knows yet is not looked at.
 *
 * @param asked gets the names
 */
function anyEnvironment (asked: Set<string>): Record<string, string> {
  return new Proxy<Record<string, string>>({}, {
    get (_, name) {
      asked.add(String(name))
      return '1'
    },
    has: () => true
  })
}

/**
 * Writes the draft, checks it, and takes out what is refused, until nothing is. A refused entry that protects is
 * replaced by one that answers 503; a route that can't be said is left out.
 *
 * @throws {ImportError} when that doesn't end: a bug of the importer
 */
export async function settle ({ draft, head, file, placeOf }: SettleOptions): Promise<Settled> {
  for (let round = 0; ; round++) {
    keepClosed(draft, placeOf)
    const text = render(draft, head)
    const asked = new Set<string>()
    const { diagnostics, source } = await loadConfig({ file, text, env: anyEnvironment(asked) })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const paths = new PathFinder(text)
    const targets = errors.map(error => ({ error, path: paths.at(error) })).filter(({ path }) => !source.isSecret(path.reduce<string>((pointer, step) => join(pointer, step), '')))
    if (targets.length === 0) return { text, diagnostics: diagnostics.filter(({ severity }) => severity === 'warning'), variables: [...asked].sort() }
    // from the end of each list: what stands before keeps its place
    const found = targets.sort((a, b) => comparePaths(b.path, a.path)).map(target => ({ ...target, trail: follow(draft.file, target.path) }))
    const changed = found.map(({ error, path, trail }) => isThere(draft, path, trail) && repair(draft, path, error, placeOf)).includes(true)
    if (!changed || round === ROUNDS) throw new ImportError(`The result does not pass check, which is a mistake of the import; report it, please: ${targets.map(({ error }) => `${error.path}: ${error.cause}`).join('; ')}`)
  }
}

/** A narrower entry takes the place of a wider one: none that lets some requests through may do so where a wider one closes. */
function keepClosed (draft: Draft, placeOf: SettleOptions['placeOf']): void {
  const owners = [draft.file, ...['services', 'routes', 'consumers', 'consumer_groups'].flatMap(kind => entitiesOf(draft, kind))]
  const entries = owners.flatMap(owner => ((owner['plugins'] as Item[] | undefined) ?? []).filter(entry => entry['name'] === 'request-termination'))
  if (!entries.some(isClosing)) return
  for (const entry of entries) {
    const config = entry['config'] as Item | undefined | null
    for (const key of ['trigger', 'except_ips']) {
      if (config?.[key] === undefined) continue
      delete config[key]
      draft.tell('changed', 'plugins[request-termination]', `without \`${key}\`, while a wider entry is closed: it would let requests through.`, placeOf(entry), entry)
    }
  }
}

function comparePaths (a: Path, b: Path): number {
  for (const [index, step] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (step === other) continue
    return typeof step === 'number' && typeof other === 'number' ? step - other : String(step) < String(other) ? -1 : 1
  }
  return a.length - b.length
}

/** Whether a path still leads where it did: of several mistakes in one item, the first may have taken it out, and another one has its place. */
function isThere (draft: Draft, path: Path, trail: readonly unknown[]): boolean {
  const now = follow(draft.file, path)
  return now.length === trail.length && trail.every((item, index) => now[index] === item)
}
