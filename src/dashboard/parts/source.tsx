/**
 * The file with its line numbers, and what is wrong with it at its lines.
 *
 * Text between two findings is one block, so that a file of 80,000 lines is a few hundred elements; blocks that are not in
 * sight are not laid out (`content-visibility`).
 */
import type { JSX } from 'preact'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Finding, SourceView } from '../../admin/api/types.ts'
import { count, plural } from '../lib/format.ts'
import { Mark, Words } from './marks.tsx'

interface Block {
  /** Number of its first line. */
  readonly from: number
  readonly lines: readonly string[]
  /** Of its last line. */
  readonly findings: readonly Finding[]
  readonly chosen: boolean
}

/** Pixels, as in views.css. */
const LINE = 18
/** Lines of a block. */
const MOST = 200
/** Each is some elements of the page. */
const MOST_FINDINGS = 500
const MOST_IN_A_ROW = 50

export function Source ({ source, line }: { readonly source: SourceView, readonly line: number | null }): JSX.Element {
  const frame = useRef<HTMLDivElement>(null)
  const blocks = useMemo(() => blocksOf(source, line), [source, line])
  useLayoutEffect(() => {
    const element = frame.current
    const chosen = element?.querySelector<HTMLElement>('.chosen')
    // within its frame alone: the page stays where it is
    if (line !== null && element !== null && chosen !== null && chosen !== undefined) element.scrollTop = chosen.offsetTop - element.clientHeight / 3
  }, [line, source.hash])
  return (
    <div class='source frame' ref={frame} role='region' aria-label={`${source.file}, snapshot ${source.snapshot}`} tabIndex={0}>
      {blocks.map(block => (
        <div key={block.from}>
          <div class={`block ${block.chosen ? 'chosen' : ''} ${block.findings.length > 0 ? 'marked' : ''}`} style={{ containIntrinsicBlockSize: `${block.lines.length * LINE}px` }}>
            <pre class='gutter' aria-hidden='true'>{block.lines.map((_, i) => block.from + i).join('\n')}</pre>
            <pre class='text'>{block.lines.join('\n')}</pre>
          </div>
          {block.findings.map((finding, i) => <FindingNote key={i} finding={finding} beside />)}
        </div>
      ))}
      {source.diagnostics.length > MOST_FINDINGS ? <p class='nothing'>The first {count(MOST_FINDINGS)} of {plural(source.diagnostics.length, 'finding')} are shown, errors before warnings.</p> : null}
    </div>
  )
}

/** Those that are not beside their lines. */
export function Findings ({ findings, total = findings.length }: { readonly findings: readonly Finding[], readonly total?: number }): JSX.Element {
  const shown = findings.slice(0, MOST_IN_A_ROW)
  return (
    <>
      {shown.map((finding, i) => <FindingNote key={i} finding={finding} />)}
      {total > shown.length ? <p class='faint'>and {count(total - shown.length)} more: <code>sallyport check</code> shows all of them.</p> : null}
    </>
  )
}

/** @param beside the line that it is about, in the file */
function FindingNote ({ finding, beside = false }: { readonly finding: Finding, readonly beside?: boolean }): JSX.Element {
  const { severity, file, range, rule, cause, mend, path, related = [] } = finding
  const name = file.split(/[\\/]/).at(-1) ?? ''
  return (
    <div class={`finding ${severity === 'error' ? 'bad' : 'warn'}`}>
      <p><Mark tone={severity === 'error' ? 'bad' : 'warn'}>{severity}</Mark> <span class='mono'>{beside ? '' : `${name}:`}{range.line}:{range.column}</span> <Words text={cause} /></p>
      {related.map(({ range: { line, column }, message }) => <p key={`${line}:${column}`} class='faint'><span class='mono'>{line}:{column}</span> <Words text={message} /></p>)}
      <p><b>Mend:</b> <Words text={mend} /></p>
      <p class='faint mono'>{path === '' ? rule : `${path}  ${rule}`}</p>
    </div>
  )
}

function blocksOf ({ text, diagnostics: all }: SourceView, chosen: number | null): Block[] {
  const diagnostics = all.slice(0, MOST_FINDINGS)
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/)
  const findings = new Map<number, Finding[]>()
  for (const finding of diagnostics) {
    const at = Math.min(Math.max(1, finding.range.line), lines.length)
    findings.set(at, [...findings.get(at) ?? [], finding])
  }
  // a line that something is said about is a block of its own
  const alone = new Set([...findings.keys(), ...(chosen === null ? [] : [chosen])])
  const blocks: Block[] = []
  let from = 1
  const end = (to: number): void => {
    if (to < from) return
    blocks.push({ from, lines: lines.slice(from - 1, to), findings: findings.get(to) ?? [], chosen: chosen === to && from === to })
    from = to + 1
  }
  for (let line = 1; line <= lines.length; line++) {
    if (alone.has(line)) {
      end(line - 1)
      end(line)
    } else if (line - from + 1 === MOST) {
      end(line)
    }
  }
  end(lines.length)
  return blocks
}
