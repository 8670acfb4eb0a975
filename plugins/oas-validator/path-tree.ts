/** A part of a path template between two slashes. */
interface Pattern<Leaf> {
  readonly regex: RegExp
  readonly names: readonly string[]
  readonly node: Node<Leaf>
}

class Node<Leaf> {
  readonly literals = new Map<string, Node<Leaf>>()
  readonly patterns: Array<Pattern<Leaf>> = []
  leaf: Leaf | null = null
}

export interface Found<Leaf> {
  readonly leaf: Leaf
  readonly captures: Readonly<Record<string, string>>
}

/** Finds the template of a path: concrete ones first, as OpenAPI has it (3.1 section 4.8.8.2). A step a segment. */
export class PathTree<Leaf> {
  readonly #root = new Node<Leaf>()

  /**
   * @param template `/orders/{id}`
   * @returns false when it leads to the same paths as one that is there
   */
  add (template: string, leaf: Leaf): boolean {
    let node = this.#root
    for (const segment of segmentsOf(template)) node = segment.includes('{') ? this.#pattern(node, segment) : this.#literal(node, segment)
    if (node.leaf !== null) return false
    node.leaf = leaf
    return true
  }

  find (path: string): Found<Leaf> | null {
    const captures: Array<[string, string]> = []
    const leaf = find(this.#root, segmentsOf(path), 0, captures)
    return leaf === null ? null : { leaf, captures: Object.fromEntries(captures) }
  }

  #literal (node: Node<Leaf>, segment: string): Node<Leaf> {
    let next = node.literals.get(segment)
    if (next === undefined) node.literals.set(segment, next = new Node())
    return next
  }

  #pattern (node: Node<Leaf>, segment: string): Node<Leaf> {
    const names: string[] = []
    const several = segment.indexOf('{') !== segment.lastIndexOf('{')
    const source = segment.split(/(\{[^{}]*\})/).map(piece => {
      if (!piece.startsWith('{')) return piece.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
      names.push(piece.slice(1, -1))
      return '(.+?)'
    }).join('')
    // each way to cut a long segment into several parameters would be tried
    const regex = new RegExp(`^${several ? '(?=.{1,100}$)' : ''}${source}$`, 's')
    const known = node.patterns.find(pattern => pattern.regex.source === regex.source && pattern.names.join('/') === names.join('/'))
    if (known !== undefined) return known.node
    const pattern = { regex, names, node: new Node<Leaf>() }
    node.patterns.push(pattern)
    // those with more text around their parameters are more concrete
    node.patterns.sort((a, b) => b.regex.source.length - a.regex.source.length)
    return pattern.node
  }
}

function find<Leaf> (node: Node<Leaf>, segments: readonly string[], at: number, captures: Array<[string, string]>): Leaf | null {
  if (at === segments.length) return node.leaf
  const segment = segments[at] as string
  const next = node.literals.get(segment)
  if (next !== undefined) {
    const leaf = find(next, segments, at + 1, captures)
    if (leaf !== null) return leaf
  }
  for (const { regex, names, node: inner } of node.patterns) {
    const match = regex.exec(segment)
    if (match === null) continue
    const before = captures.length
    for (const [index, name] of names.entries()) captures.push([name, match[index + 1] as string])
    const leaf = find(inner, segments, at + 1, captures)
    if (leaf !== null) return leaf
    captures.length = before
  }
  return null
}

function segmentsOf (path: string): string[] {
  return path.slice(1).split('/')
}
