import { parseYaml } from '../config/yaml/parse.ts'
import { join } from '../config/pointer.ts'
import { Source } from '../config/source.ts'
import { content, type YamlNode } from '../config/yaml/nodes.ts'
import { expandsTooFar } from '../config/yaml/values.ts'
import { ImportError } from './import-error.ts'
import type { Item, Place } from './draft.ts'

/** A YAML or JSON file: its values, and the line of each. */
export interface Structured {
  readonly file: string
  readonly value: Item
  readonly text: string
  /** Where a value stands; the nearest thing around it that exists. */
  at (...path: ReadonlyArray<string | number>): Place
  /** Texts with `{{` that stand without quotes. */
  readonly plain: ReadonlySet<string>
}

/**
 * @param file as the report names it
 * @throws {ImportError} for a text that is neither YAML nor JSON, or no object
 */
export function readStructured (text: string, file: string): Structured {
  let { root, problems } = parseYaml(text)
  if (problems.some(({ rule }) => rule === 'yaml-syntax') && text.includes('${{')) {
    text = escapeReferences(text)
    ;({ root, problems } = parseYaml(text))
  }
  const source = new Source(file, text, root)
  const [problem] = problems.filter(({ rule }) => rule !== 'duplicate-key' && rule !== 'unknown-tag')
  if (problem !== undefined) throw new ImportError(`${file}:${source.lines.range(problem.start, problem.end).line}: ${problem.cause}. ${problem.mend}`)
  if (root === null || content(root).kind !== 'mapping') throw new ImportError(`${file}: expected an object, as in YAML or JSON.`)
  if (expandsTooFar(root) !== undefined) throw new ImportError(`${file}: aliases expand too far.`)
  const plain = new Set<string>()
  collectPlain(root, plain)
  return {
    file,
    text,
    value: source.value as Item,
    at: (...path) => ({ file, line: source.locate(path.reduce<string>((pointer, step) => join(pointer, step), ''), 'key').line }),
    plain
  }
}

/** decK fills references in before it reads YAML: `"Bearer ${{ env "DECK_TOKEN" }}"` is a text there. Lines stay where they are. */
function escapeReferences (text: string): string {
  return text.split('\n').map(line => {
    let quoted = false
    return line.replace(/\$\{\{.*?\}\}|\\.|"/g, found => {
      if (found === '"') quoted = !quoted
      return quoted && found.startsWith('${{') ? found.replaceAll('"', '\\"') : found
    })
  }).join('\n')
}

function collectPlain (node: YamlNode, found: Set<string>): void {
  if (node.kind === 'scalar') {
    if (node.plain && node.text.includes('{{')) found.add(node.text)
  } else if (node.kind === 'sequence') node.items.forEach(item => collectPlain(item, found))
  else if (node.kind === 'mapping') for (const entry of node.entries.values()) collectPlain(entry.node, found)
}

export function isItem (value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a list; nothing for anything else. */
export function items (value: unknown): Item[] {
  return Array.isArray(value) ? value.filter(isItem) : []
}

/** The texts of a list, or of one text. */
export function texts (value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}
