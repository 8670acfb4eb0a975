import { Document, isMap, isScalar, isSeq, Pair, Scalar, YAMLMap, YAMLSeq, type Node } from 'yaml'
import type { Draft } from './draft.ts'

/** In this order, whatever came first; what isn't listed stands behind. */
const TOP = ['_format_version', '_transform', '_info', '_plugin_configs', 'gateway', 'upstreams', 'certificates', 'ca_certificates', 'services', 'routes', 'consumer_groups', 'consumers', 'plugins']

/** Lists that are longer than this are written one item a line. */
const FLOW_WIDTH = 90

/**
 * The draft as text: always the same for the same draft.
 *
 * @param head comment above everything, line by line
 */
export function render (draft: Draft, head: readonly string[]): string {
  const root = node(sorted(draft.file), draft)
  if (!isMap(root)) throw new TypeError('a draft is a map')
  // the words about the whole file are those about its root
  draft.commentsOf(draft.file).forEach((lines, key) => { if (key !== '') setAbove(root, key, lines) })
  for (const [index, pair] of root.items.entries()) {
    if (index > 1 && isScalar(pair.key) && (isSeq(pair.value) || isMap(pair.value))) pair.key.spaceBefore = true
  }
  const document = new Document(root)
  const own = draft.commentsOf(draft.file).get('') ?? []
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  return `${[...head, ...own.flatMap(words)].map(line => `#${line === '' ? '' : ` ${line}`}\n`).join('')}${text}`
}

function sorted (file: Draft['file']): Draft['file'] {
  const rank = (key: string): number => TOP.includes(key) ? TOP.indexOf(key) : TOP.length
  return Object.fromEntries(Object.entries(file)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => rank(a) - rank(b)))
}

function node (value: unknown, draft: Draft): Node {
  if (Array.isArray(value)) return sequence(value, draft)
  if (typeof value === 'object' && value !== null) return mapping(value, draft)
  const scalar = new Scalar(value)
  if (typeof value === 'string') {
    if (draft.plain.has(value)) scalar.type = Scalar.PLAIN
    // a plain `${{ … }}` would be typed again once it is resolved
    else if (value.includes('{{') || value.startsWith('{')) scalar.type = Scalar.QUOTE_DOUBLE
    else if (value.includes('\n')) scalar.type = Scalar.BLOCK_LITERAL
  }
  return scalar
}

function sequence (values: readonly unknown[], draft: Draft): YAMLSeq {
  const list = new YAMLSeq()
  for (const value of values) list.items.push(node(value, draft))
  const simple = values.every(value => typeof value !== 'object' && !(typeof value === 'string' && (value.includes('\n') || draft.plain.has(value))))
  list.flow = values.length === 0 || (simple && values.join(', ').length < FLOW_WIDTH)
  for (const [index, value] of values.entries()) {
    const lines = typeof value === 'object' && value !== null ? draft.commentsOf(value).get('') : undefined
    const item = list.items[index] as Node
    if (lines !== undefined) item.commentBefore = lines.flatMap(words).map(line => ` ${line}`).join('\n')
  }
  return list
}

function mapping (value: object, draft: Draft): YAMLMap {
  const map = new YAMLMap()
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || (key === 'plugins' && Array.isArray(inner) && inner.length === 0)) continue
    map.items.push(new Pair(new Scalar(key), node(inner, draft)))
  }
  if (map.items.length === 0) map.flow = true
  draft.commentsOf(value).forEach((lines, key) => { if (key !== '') setAbove(map, key, lines) })
  return map
}

function setAbove (map: YAMLMap, name: string, lines: readonly string[]): void {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === name)
  if (pair === undefined || !isScalar(pair.key)) return
  pair.key.commentBefore = lines.flatMap(words).map(line => ` ${line}`).join('\n')
}

/** A comment is cut at blanks: nobody reads a line of 300 characters. */
function words (text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').split(' ')) {
    if (line !== '' && line.length + word.length > 110) {
      lines.push(line)
      line = `  ${word}`
    } else line += line === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
