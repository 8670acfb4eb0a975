/** Small signs. A colour never says alone what a word doesn't. */
import type { ComponentChildren, JSX } from 'preact'
import type { TargetHealthView } from '../../admin/api/types.ts'
import { END_REASONS } from '../../observability/end-reason.ts'
import { href } from '../lib/location.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'quiet'

export function Mark ({ tone, children, title }: { readonly tone: Tone, readonly children: ComponentChildren, readonly title?: string }): JSX.Element {
  return <span class={`mark ${tone}`} title={title}>{children}</span>
}

const HEALTH: Readonly<Record<TargetHealthView['health'], readonly [Tone, string, string]>> = {
  HEALTHY: ['good', 'healthy', 'It answers.'],
  UNHEALTHY: ['bad', 'unhealthy', 'It gets no requests.'],
  MIXED: ['warn', 'mixed', 'Processes or addresses differ.'],
  HEALTHCHECKS_OFF: ['quiet', 'not checked', 'Nobody looks: no health checks in the file.'],
  DNS_ERROR: ['bad', 'no address', 'The name can\'t be resolved.']
}

export function Health ({ of }: { readonly of: TargetHealthView['health'] }): JSX.Element {
  const [tone, word, title] = HEALTH[of]
  return <Mark tone={tone} title={title}>{word}</Mark>
}

export function Breaker ({ state }: { readonly state: 'closed' | 'open' | 'half-open' | null }): JSX.Element {
  if (state === null) return <span class='faint'>–</span>
  return <Mark tone={state === 'closed' ? 'good' : state === 'open' ? 'bad' : 'warn'}>{state}</Mark>
}

export function Status ({ code }: { readonly code: number }): JSX.Element {
  return <span class={`num status ${code >= 500 ? 'bad' : code >= 400 ? 'warn' : ''}`}>{code}</span>
}

/** What an end reason says; the code itself where it is not known. */
export function reasonText (code: string): string {
  const text = (END_REASONS as Readonly<Record<string, string>>)[code] ?? code
  return text.replaceAll('`', '')
}

export function End ({ code }: { readonly code: string }): JSX.Element {
  if (code === '-') return <span class='faint' title={reasonText(code)}>–</span>
  return <abbr class='mono' title={reasonText(code)}>{code}</abbr>
}

/** A place in the file, as a link to its line. */
export function PlaceLink ({ place }: { readonly place: { readonly file: string, readonly line: number } }): JSX.Element {
  const name = place.file.split(/[\\/]/).at(-1) ?? place.file
  return <a class='mono' href={href(['config'], { line: String(place.line) })}>{name}:{place.line}</a>
}

/** A sentence in which what stands between backticks is code. */
export function Words ({ text }: { readonly text: string }): JSX.Element {
  return <>{text.split('`').map((part, i) => i % 2 === 1 ? <code key={i}>{part}</code> : part)}</>
}

/** Several short texts of the file. */
export function Codes ({ of, none = 'any' }: { readonly of: readonly string[] | null, readonly none?: string }): JSX.Element {
  if (of === null || of.length === 0) return <span class='faint'>{none}</span>
  return <span class='codes'>{of.map(each => <code key={each}>{each}</code>)}</span>
}

/** Names and values. */
export function Facts ({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <dl class='facts'>{children}</dl>
}

export function Fact ({ name, children }: { readonly name: string, readonly children: ComponentChildren }): JSX.Element {
  return <div><dt>{name}</dt><dd>{children}</dd></div>
}
