/** What a document asks for, whatever its variables are: counted in one pass, each fragment once. */
import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql/language/index.js'
import { refuseGraphql } from './refusal.ts'

/** Counts of an operation, with its fragments spread out: numbers beyond all bounds are Infinity. */
export interface Shape {
  /** Fields inside of each other. */
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  /** It asks about the schema. */
  readonly introspects: boolean
}

/** `_service`: how Apollo's federation shows the schema. */
const INTROSPECTION = new Set(['__schema', '__type', '_service'])

/** Selection sets inside of each other, inline and by fragments: what walks a document later may recurse. */
const MAX_NESTING = 250

interface Counts { depth: number, fields: number, aliases: number, directives: number, introspects: boolean, nesting: number }

/** Fragments of a document by name. @throws GatewayError for a document that no server could execute, or not all in the same way */
export function fragmentsOf (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  const operations = new Set<string>()
  let count = 0
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      if (fragments.has(definition.name.value)) throw invalid('Two fragments have the same name')
      fragments.set(definition.name.value, definition)
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      count++
      const name = definition.name?.value ?? ''
      if (operations.has(name)) throw invalid('Two operations have the same name')
      operations.add(name)
    } else {
      throw invalid('The document defines types')
    }
  }
  if (count === 0) throw invalid('The document has no operation')
  if (count > 1 && operations.has('')) throw invalid('Of several operations, each has a name')
  return fragments
}

/** @throws GatewayError for fragments that are unknown or spread themselves, and for what is nested too deeply to be looked at */
export function shapesOf (document: DocumentNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): ReadonlyMap<OperationDefinitionNode, Shape> {
  const known = new Map<string, Counts | 'open'>()

  function ofFragment (name: string, level: number): Counts {
    const before = known.get(name)
    if (before === 'open') throw invalid('A fragment spreads itself')
    if (before !== undefined) return before
    const fragment = fragments.get(name)
    if (fragment === undefined) throw invalid('A fragment that is spread is not defined')
    known.set(name, 'open')
    const counts = ofSet(fragment.selectionSet, level)
    counts.directives += fragment.directives?.length ?? 0
    known.set(name, counts)
    return counts
  }

  function ofSet ({ selections }: SelectionSetNode, level: number): Counts {
    const sum: Counts = { depth: 0, fields: 0, aliases: 0, directives: 0, introspects: false, nesting: 0 }
    if (level > MAX_NESTING) throw tooDeep()
    for (const selection of selections) add(sum, selection, level)
    // by fragments that were counted before, too
    if (++sum.nesting > MAX_NESTING) throw tooDeep()
    return sum
  }

  function add (sum: Counts, selection: SelectionNode, level: number): void {
    sum.directives += selection.directives?.length ?? 0
    let inner: Counts | null = null
    let own = 0
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      inner = ofFragment(selection.name.value, level + 1)
    } else {
      if (selection.kind === Kind.FIELD) {
        own = 1
        addField(sum, selection)
      }
      if (selection.selectionSet !== undefined) inner = ofSet(selection.selectionSet, level + 1)
    }
    sum.depth = Math.max(sum.depth, own + (inner?.depth ?? 0))
    if (inner === null) return
    sum.fields += inner.fields
    sum.aliases += inner.aliases
    sum.directives += inner.directives
    sum.introspects ||= inner.introspects
    sum.nesting = Math.max(sum.nesting, inner.nesting)
  }

  const shapes = new Map<OperationDefinitionNode, Shape>()
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const counts = ofSet(definition.selectionSet, 0)
    counts.directives += definition.directives?.length ?? 0
    for (const variable of definition.variableDefinitions ?? []) counts.directives += variable.directives?.length ?? 0
    shapes.set(definition, counts)
  }
  // those that nobody spreads are validated by the service all the same
  for (const name of fragments.keys()) ofFragment(name, 0)
  return shapes
}

function addField (sum: Counts, field: FieldNode): void {
  sum.fields++
  if (field.alias !== undefined) sum.aliases++
  if (INTROSPECTION.has(field.name.value)) sum.introspects = true
}

function invalid (message: string): Error {
  return refuseGraphql('GRAPHQL_VALIDATION_FAILED', 400, message)
}

function tooDeep (): Error {
  return refuseGraphql('LIMIT_EXCEEDED', 400, 'The document is nested too deeply')
}
