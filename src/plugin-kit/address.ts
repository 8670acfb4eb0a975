/** Addresses as words of 32 bits: four for IPv6, of which IPv4 uses the last. */

/** Family of what was read; 0: no address. */
export type Family = 0 | 4 | 6

/**
 * Reads an address. IPv4 that is written as IPv6 (`::ffff:192.0.2.1`) is IPv4; a zone (`%eth0`) is left out.
 *
 * @param words four; what is there when 0 is returned means nothing
 */
export function readAddress (text: string, words: Uint32Array): Family {
  if (text.includes(':')) return readV6(text, words)
  const value = readV4(text, 0)
  if (value === -1) return 0
  words[3] = value
  return 4
}

/** Four decimal numbers without leading zeros, to the end of the text; -1: it is something else. */
function readV4 (text: string, from: number): number {
  let value = 0
  let part = -1
  let dots = 0
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 46) {
      if (part === -1 || ++dots > 3) return -1
      value = value * 256 + part
      part = -1
    } else if (code >= 48 && code <= 57 && part !== 0) {
      part = (part === -1 ? 0 : part * 10) + code - 48
      if (part > 255) return -1
    } else {
      return -1
    }
  }
  return part === -1 || dots !== 3 ? -1 : value * 256 + part
}

function readV6 (text: string, words: Uint32Array): Family {
  const zone = text.indexOf('%')
  const end = zone === -1 ? text.length : zone
  words.fill(0)
  let groups = 0
  /** Groups before `::`; -1: there is none. */
  let gap = -1
  let index = 0
  if (text.startsWith('::')) {
    gap = 0
    index = 2
  }
  while (index < end) {
    const start = index
    let group = 0
    let code = text.charCodeAt(index)
    while (index < end && index - start < 5) {
      const digit = hexDigit(code)
      if (digit === -1) break
      group = group * 16 + digit
      code = text.charCodeAt(++index)
    }
    if (index === start || index - start > 4) return 0
    if (index < end && code === 46) {
      const value = groups <= 6 ? readV4(end === text.length ? text : text.slice(0, end), start) : -1
      if (value === -1) return 0
      putGroup(words, groups++, value >>> 16)
      putGroup(words, groups++, value & 0xffff)
      index = end
      break
    }
    if (groups === 8) return 0
    putGroup(words, groups++, group)
    if (index === end) break
    if (code !== 58) return 0
    index++
    if (index < end && text.charCodeAt(index) === 58) {
      if (gap !== -1) return 0
      gap = groups
      index++
    } else if (index === end) {
      return 0
    }
  }
  if (gap === -1 ? groups !== 8 : groups > 7) return 0
  if (gap !== -1) moveGroups(words, gap, groups)
  return isMapped(words) ? 4 : 6
}

function hexDigit (code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function putGroup (words: Uint32Array, group: number, value: number): void {
  const word = group >> 1
  words[word] = (group & 1) === 0 ? ((value << 16) | ((words[word] as number) & 0xffff)) : (((words[word] as number) & 0xffff0000) | value)
}

function groupAt (words: Uint32Array, group: number): number {
  const word = words[group >> 1] as number
  return (group & 1) === 0 ? word >>> 16 : word & 0xffff
}

/** Puts the groups behind `::` where they belong: at the end. */
function moveGroups (words: Uint32Array, gap: number, groups: number): void {
  const shift = 8 - groups
  for (let group = groups - 1; group >= gap; group--) putGroup(words, group + shift, groupAt(words, group))
  for (let group = gap; group < gap + shift; group++) putGroup(words, group, 0)
}

function isMapped (words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}
