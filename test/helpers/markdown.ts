import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

export interface CodeBlock {
  /** Relative to the package root. */
  readonly file: string
  /** Of the first line of the code. */
  readonly line: number
  /** What stands behind the opening fence: `yaml`, `yaml fragment`. */
  readonly info: string
  readonly text: string
}

/** The project's documentation, relative to the package root. */
export function markdownFiles (): string[] {
  const folders = ['docs', 'plugins', 'examples', 'bench', 'deploy']
  return ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...folders.flatMap(folder => [...markdownBelow(folder)])]
}

function * markdownBelow (folder: string): Iterable<string> {
  for (const entry of readdirSync(join(packageRoot, folder), { withFileTypes: true })) {
    const file = join(folder, entry.name)
    if (entry.name.endsWith('.md')) yield file
    else if (entry.isDirectory() && entry.name !== 'node_modules') yield * markdownBelow(file)
  }
}

export function readMarkdown (file: string): string {
  return readFileSync(join(packageRoot, file), 'utf8')
}

/** Fenced blocks, also those inside list items (their indent is taken off). */
export function codeBlocks (file: string, text = readMarkdown(file)): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const [, indent, fence, info] = /^( *)(`{3,})(.*)$/.exec(lines[index] ?? '') ?? []
    if (indent === undefined || fence === undefined || info === undefined) continue
    const first = index + 1
    let end = first
    while (end < lines.length && lines[end]?.trim() !== fence) end++
    const code = lines.slice(first, end).map(line => line.startsWith(indent) ? line.slice(indent.length) : line)
    blocks.push({ file, line: first + 1, info: info.trim(), text: `${code.join('\n')}\n` })
    index = end
  }
  return blocks
}

/** Targets of links and images, code left out. */
export function links (text: string): string[] {
  const prose = text.replace(/^ *(`{3,})[^]*?^ *\1$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1] as string)
}

/** Anchors that GitHub makes of the headings. */
export function anchors (text: string): Set<string> {
  const prose = text.replace(/^ *(`{3,})[^]*?^ *\1$/gm, '')
  const seen = new Set<string>()
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} +(.*)$/gm)) {
    const base = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
    let anchor = base
    for (let count = 1; seen.has(anchor); count++) anchor = `${base}-${count}`
    seen.add(anchor)
  }
  return seen
}
