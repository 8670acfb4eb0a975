import { DECK_EXAMPLE } from './deck-example.ts'
import type { Pointer } from '../model.ts'
import { nearest } from '../nearest.ts'
import { content } from '../yaml/nodes.ts'
import type { MappingNode, ScalarNode } from '../yaml/nodes.ts'
import type { Candidate } from '../yaml/parsed.ts'
import type { Report } from '../report.ts'
import { typed } from '../yaml/scalars.ts'
import type { Source } from '../source.ts'

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A reference that can't be resolved: what `check` says about it. Values never occur in it. */
interface Failure {
  readonly rule: 'bad-reference' | 'unset-variable' | 'not-supported-yet'
  readonly cause: string
  readonly mend: string
}

class BadReference extends Error {
  readonly failure: Failure

  constructor (failure: Failure) {
    super(failure.cause)
    this.failure = failure
  }
}

const DECK_SYNTAX = `Write ${DECK_EXAMPLE}, with one of the filters toInt, toBool, toFloat and indent where needed.`
const VAULT_SYNTAX = "Write '{vault://env/NAME}', in quotes and as the whole text."

const VAULT = /^\{vault:\/\/([^/{}]+)\/([^/?#{}]+)(?:\/([^?#{}]+))?(?:\?([^#{}]*))?(?:#([^{}]*))?\}$/
/** As shells and other gateways write it. */
const SHELL = /^\$\{([A-Z_][A-Z0-9_]*)\}$/
/** The same inside of a longer text, where it could be meant as it stands: scripts and templates have it. */
const SHELL_INSIDE = /\$\{([A-Z_][A-Z0-9_]*)\}/
const DECK = /\$\{\{(.*?)\}\}/gs
const DECK_INSIDE = /^\s*env\s+"([^"]*)"\s*((?:\|[^|]*)*)$/s

/**
 * Resolves `{vault://env/NAME}` and decK's env references, in place.
 *
 * This runs on parsed values: a place stays true whatever a variable holds, and no value can become YAML.
 */
export function resolveReferences (source: Source, candidates: readonly Candidate[], env: Environment, report: Report): void {
  for (const { node, pointer, part } of candidates) {
    if (pointer.endsWith('/_comment')) continue
    try {
      if (part === 'key') {
        fail('bad-reference', 'a reference can\'t stand in a key', 'Write the key out.')
      } else if (node.kind === 'mapping') {
        refuseUnquoted(source, node)
      } else {
        resolveScalar(source, node, env)
        warnOfShell(source, node, pointer, report)
      }
    } catch (error) {
      if (!(error instanceof BadReference)) throw error
      node.broken = true
      report.add(placeOf(source, node, error), source.describe(pointer), error.failure)
    }
  }
}

function placeOf (source: Source, node: ScalarNode | MappingNode, error: BadReference & { index?: number, length?: number }) {
  const { index = -1, length = 0 } = error
  if (node.kind === 'scalar' && node.verbatim !== -1 && index !== -1) {
    return source.lines.range(node.verbatim + index, node.verbatim + index + length)
  }
  return source.lines.range(node.start, node.end)
}

function fail (rule: Failure['rule'], cause: string, mend: string): never {
  throw new BadReference({ rule, cause, mend })
}

function refuseUnquoted (source: Source, node: MappingNode): void {
  const [entry] = node.entries.values()
  const value = entry === undefined ? undefined : content(entry.node)
  if (value?.kind !== 'scalar' || value.text !== '') return
  const text = source.text.slice(node.start, node.end)
  fail('bad-reference', 'without quotes this is a YAML map, not a reference', `Put quotes around it: '${text}'.`)
}

function warnOfShell (source: Source, node: ScalarNode, pointer: Pointer, report: Report): void {
  const found = SHELL_INSIDE.exec(node.text)
  if (found === null || node.secret === true) return
  const [text, name = ''] = found
  const range = node.verbatim === -1 ? source.lines.range(node.start, node.end) : source.lines.range(node.verbatim + found.index, node.verbatim + found.index + text.length)
  report.add(range, source.describe(pointer), {
    rule: 'bad-reference',
    severity: 'warning',
    cause: `'${text}' is not how a variable is written here: it stays in the text as it stands`,
    mend: `Put the whole text into a variable, and write '{vault://env/${name}}' in its place; or write \${{ env "DECK_${name}" }} inside of it.`
  })
}

function resolveScalar (source: Source, node: ScalarNode, env: Environment): void {
  const { text } = node
  if (/\{\s*vault:/i.test(text)) {
    node.value = vault(text, env)
    node.secret = true
    source.addSecretText(String(node.value))
    return
  }
  if (text.startsWith('vault://')) fail('bad-reference', 'a vault reference stands in braces', `Write '{${text}}', in quotes.`)
  if (!text.includes('${{')) {
    const shell = SHELL.exec(text)?.[1]
    if (shell !== undefined) fail('bad-reference', `'${text}' is not how a variable is written here: the text itself would be the value`, `Write '{vault://env/${shell}}', in quotes.`)
    if (/\{\{\s*env\s*"/.test(text)) fail('bad-reference', 'a `$` is missing in front of this reference', DECK_SYNTAX)
    return
  }
  let last: Filtered | undefined
  let count = 0
  const resolved = text.replace(DECK, (expression, inside: string, index: number) => {
    count++
    try {
      last = deck(inside, env)
      source.addSecretText(last.text)
    } catch (error) {
      throw Object.assign(error as Error, { index, length: expression.length })
    }
    return last.text
  })
  if (text.replace(DECK, '').includes('${{')) fail('bad-reference', 'a reference is never closed', DECK_SYNTAX)
  node.secret = true
  source.addSecretText(resolved)
  node.value = !node.plain ? resolved : count === 1 && last?.text === resolved ? last.value : retyped(resolved)
}

interface Filtered {
  readonly text: string
  readonly value: string | number | boolean
}

/** One decK expression, without its braces. */
function deck (inside: string, env: Environment): Filtered {
  const match = DECK_INSIDE.exec(inside)
  if (match === null) fail('bad-reference', 'this is no reference to a variable', DECK_SYNTAX)
  const [, name = '', filters = ''] = match
  if (!name.startsWith('DECK_')) {
    fail('bad-reference', `environment variables in the state file must be prefixed with 'DECK_', found: '${name}'`, `Rename the variable to DECK_${name}, or write '{vault://env/${name}}'.`)
  }
  const text = env[name]
  if (text === undefined) {
    fail('unset-variable', `environment variable '${name}' present in state file but not set`, setOr(name, env, candidate => candidate.startsWith('DECK_')))
  }
  return filters.split('|').slice(1).reduce((value, filter) => apply(filter.trim(), name, value), { text, value: retyped(text) })
}

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True']
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False']

function apply (filter: string, name: string, { text, value }: Filtered): Filtered {
  switch (filter) {
    case 'toInt':
      if (!/^[-+]?\d+$/.test(text)) fail('bad-reference', `the value of '${name}' is no integer`, 'Set the variable to a whole number.')
      return { text, value: Number(text) }
    case 'toFloat':
      if (text.trim() === '' || !Number.isFinite(Number(text))) fail('bad-reference', `the value of '${name}' is no number`, 'Set the variable to a number.')
      return { text, value: Number(text) }
    case 'toBool':
      if (TRUE.includes(text)) return { text: 'true', value: true }
      if (FALSE.includes(text)) return { text: 'false', value: false }
      return fail('bad-reference', `the value of '${name}' is no boolean`, 'Set the variable to true or false.')
    default:
      // decK pads the lines of a value because it writes into the text; into a parsed value they go as they are
      if (/^indent\s+\d+$/.test(filter)) return { text, value }
      return fail('bad-reference', `there is no filter '${filter}'`, DECK_SYNTAX)
  }
}

/** A plain scalar is typed by its content; but nothing that a variable holds means "not set". */
function retyped (text: string): string | number | boolean {
  return typed(text) ?? text
}

/** A whole `{vault://…}`. */
function vault (text: string, env: Environment): string | number | boolean {
  const match = VAULT.exec(text)
  if (match === null) fail('bad-reference', 'a vault reference must be the whole text', VAULT_SYNTAX)
  const [, backend, resource = '', key, query, version] = match
  if (backend !== 'env') {
    fail('not-supported-yet', `the vault '${backend}' is not supported yet: the only one is 'env'`, VAULT_SYNTAX)
  }
  const name = `${prefix(query)}${resource}`.toUpperCase().replaceAll('-', '_') + suffix(version)
  const value = env[name]
  if (value === undefined) fail('unset-variable', `environment variable '${name}' is not set`, setOr(name, env, () => true))
  return key === undefined ? value : inside(value, name, key)
}

function prefix (query: string | undefined): string {
  let found = ''
  for (const [option, value] of new URLSearchParams(query ?? '')) {
    if (option !== 'prefix') fail('bad-reference', `the vault 'env' has no option '${option}'`, 'Remove the option; the only one is `prefix`.')
    found = value
  }
  return found
}

/** Version 2 is the value before the last rotation. */
function suffix (version: string | undefined): string {
  if (version === undefined || version === '1') return ''
  if (version === '2') return '_PREVIOUS'
  return fail('bad-reference', `the vault 'env' has no version '${version}'`, 'Write #1 for the current value, #2 for the previous one.')
}

/** Member of a variable that holds a JSON object. */
function inside (value: string, name: string, key: string): string | number | boolean {
  let object: unknown
  try {
    object = JSON.parse(value)
  } catch {
    // reported below: the parser's own message would quote the secret
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    fail('bad-reference', `the value of '${name}' is no JSON object`, `Set the variable to an object with the member '${key}', or leave '/${key}' out.`)
  }
  const found: unknown = Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
  if (typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean') return found
  return fail('bad-reference', `the JSON object in '${name}' has no text, number or boolean '${key}'`, 'Check the name of the member.')
}

function setOr (name: string, env: Environment, usable: (name: string) => boolean): string {
  const guess = nearest(name, Object.keys(env).filter(candidate => usable(candidate) && env[candidate] !== undefined))
  return guess === undefined ? 'Set it before the gateway starts, or write it into a file that `--env-file` names.' : `Set it before the gateway starts, or did you mean '${guess}'?`
}
