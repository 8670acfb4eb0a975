/** Marks text by what it is, not by a colour. */
export interface Painter {
  error (text: string): string
  warning (text: string): string
  good (text: string): string
  strong (text: string): string
  faint (text: string): string
}

const plain = (text: string): string => text

const PLAIN: Painter = { error: plain, warning: plain, good: plain, strong: plain, faint: plain }

const COLOUR: Painter = {
  error: style('1;31'),
  warning: style('1;33'),
  good: style('32'),
  strong: style('1'),
  faint: style('2')
}

function style (code: string): (text: string) => string {
  return text => text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`
}

/**
 * Colours on a terminal only, never where NO_COLOR is set (https://no-color.org) or the terminal is a dumb one.
 *
 * @param isTerminal whether the stream is one
 */
export function createPainter (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Painter {
  const wanted = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return wanted ? COLOUR : PLAIN
}
