import { setImmediate } from 'node:timers/promises'
import { NetworkList } from '../../src/plugin.ts'

/** Lines that are read in one go, a few milliseconds: requests go on meanwhile. */
const BATCH = 5_000

const NETWORK = /^\s*([^\s#;,]+)/

/**
 * Reads a list: one network a line, `#` and `;` start a comment, and what stands behind a blank is left out, as lists of abuse have it.
 *
 * @param listed further networks, known to be right
 * @throws Error with the first lines that are neither an address nor a range
 */
export async function parseList (text: string, listed: readonly string[] = []): Promise<NetworkList> {
  const list = new NetworkList()
  for (const network of listed) list.add(network)
  const lines = readLines(text, list)
  let read = lines.next()
  for (; read.done !== true; read = lines.next()) await setImmediate()
  if (read.value !== null) throw new Error(read.value)
  return list
}

/** What is wrong with a list; null: nothing. */
export function listProblem (text: string): string | null {
  const lines = readLines(text, new NetworkList())
  let read = lines.next()
  while (read.done !== true) read = lines.next()
  return read.value
}

/** Pauses after each batch. */
function * readLines (text: string, list: NetworkList): Generator<void, string | null> {
  const wrong: number[] = []
  let number = 0
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start)
    if (end === -1) end = text.length
    if (++number % BATCH === 0) yield
    const network = NETWORK.exec(text.slice(start, end))?.[1]
    if (network !== undefined && !list.add(network)) wrong.push(number)
  }
  if (wrong.length === 0) return null
  // not what stands there: a wrong file may hold anything
  const more = wrong.length > 5 ? ` and ${wrong.length - 5} more` : ''
  return `${wrong.length === 1 ? 'line' : 'lines'} ${wrong.slice(0, 5).join(', ')}${more}: neither an address nor a CIDR range`
}
