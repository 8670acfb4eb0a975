/** Longer texts are compared by what they start with. */
const LONGEST = 80

/**
 * How different two texts are: 0 for the same, 1 for nothing in common. Typing errors count little, and so does what only
 * follows: `/users` and `/user`.
 */
export function unlikeness (a: string, b: string): number {
  if (a === b) return 0
  const one = a.slice(0, LONGEST)
  const other = b.slice(0, LONGEST)
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  // what is the same at both ends costs nothing to compare: ten thousand routes often differ in a few letters
  let same = 0
  const most = Math.min(one.length, other.length) - start
  while (same < most && one[one.length - 1 - same] === other[other.length - 1 - same]) same++
  const rest = edits(one.slice(start, one.length - same), other.slice(start, other.length - same))
  return Math.min(1, rest / Math.max(one.length, other.length, 1))
}

/** Levenshtein's distance, in one row. */
function edits (a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0] as number
    row[0] = i
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number
      row[j] = a[i - 1] === b[j - 1] ? diagonal : 1 + Math.min(diagonal, above, row[j - 1] as number)
      diagonal = above
    }
  }
  return row[b.length] as number
}
