import { type CheckFinding, type Edit, type Edits, isHopField, splitPair, type Static } from '../../src/plugin.ts'
import type { ResponseTransformer } from './schema.ts'

export type Config = Static<typeof ResponseTransformer>
type Constants = Edits<void, string>

/** Everything that one entry does, compiled. */
export interface Rules {
  readonly headers: Constants
  /** Names as text, values as JSON. */
  readonly json: Constants
}

export function compileRules (config: Config): Rules {
  return {
    headers: {
      remove: config.remove.headers,
      rename: config.rename.headers.map(splitPair),
      replace: config.replace.headers.map(headerEdit),
      add: config.add.headers.map(headerEdit),
      append: config.append.headers.map(headerEdit)
    },
    json: {
      remove: config.remove.json,
      rename: config.rename.json.map(splitPair),
      replace: jsonEdits(config.replace),
      add: jsonEdits(config.add),
      append: jsonEdits(config.append)
    }
  }
}

/** Whether the body must be at hand. */
export function hasJsonRules (config: Config): boolean {
  return [config.remove, config.rename, config.replace, config.add, config.append].some(operation => operation.json.length > 0)
}

/** Whether a header rule may give an answer a Content-Type that the service did not. */
export function setsType ({ rename, replace, add, append }: Config): boolean {
  const names = [...rename.headers.map(pair => splitPair(pair)[1]), ...[replace, add, append].flatMap(({ headers }) => headers.map(pair => splitPair(pair)[0]))]
  return names.some(name => name.toLowerCase() === 'content-type')
}

/** What the schema can't say about an entry. */
export function * checkConfig (config: Config): Generator<CheckFinding> {
  for (const operation of ['remove', 'rename', 'replace', 'add', 'append'] as const) {
    for (const [index, item] of config[operation].headers.entries()) {
      for (const name of operation === 'rename' ? splitPair(item) : splitPair(item).slice(0, 1)) {
        if (!isHopField(name)) continue
        yield {
          path: `/${operation}/headers/${index}`,
          message: `\`${name}\` belongs to the connection or frames the body: the gateway writes it itself`,
          mend: 'Remove this item.'
        }
      }
    }
  }
  for (const operation of ['replace', 'add', 'append'] as const) yield * checkTypes(config[operation], operation)
}

function * checkTypes ({ json, json_types: types }: Config['add'], operation: string): Generator<CheckFinding> {
  if (types.length === 0) return
  if (types.length !== json.length) {
    yield {
      path: `/${operation}/json_types`,
      message: `\`json\` has ${json.length} items and \`json_types\` ${types.length}`,
      mend: 'Write one type for each item of `json`, in the same order.'
    }
    return
  }
  for (const [index, pair] of json.entries()) {
    const [, value] = splitPair(pair)
    if (types[index] === 'number' && !isNumber(value)) {
      yield { path: `/${operation}/json/${index}`, message: `\`${value}\` is no number`, mend: 'Write a number as JSON does, or the type `string`.' }
    } else if (types[index] === 'boolean' && value !== 'true' && value !== 'false') {
      yield { path: `/${operation}/json/${index}`, message: `\`${value}\` is no boolean`, mend: 'Write `true` or `false`, or the type `string`.' }
    }
  }
}

/** As JSON writes numbers: the text goes into the body as it is. */
function isNumber (text: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)
}

function headerEdit (pair: string): Edit<void, string> {
  const [name, text] = splitPair(pair)
  // Node writes one byte a character
  const value = Buffer.from(text).toString('latin1')
  return [name, () => value]
}

function jsonEdits ({ json, json_types: types }: Config['add']): Array<Edit<void, string>> {
  return json.map((pair, index) => {
    const [name, text] = splitPair(pair)
    const value = (types[index] ?? 'string') === 'string' ? JSON.stringify(text) : text
    return [name, () => value]
  })
}
