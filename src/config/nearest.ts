/**
 * The name that was probably meant: the one with the fewest typing errors, if these are few for its length.
 *
 * @param name what stands there
 * @param candidates what could stand there
 */
export function nearest (name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  // two slips in a word of six letters are a typing error, in one of three another word
  const limit = wanted.length <= 3 ? 1 : wanted.length <= 7 ? 2 : 3
  let best: string | undefined
  let fewest = limit + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= fewest) continue
    const count = slips(wanted, candidate.toLowerCase(), fewest)
    // a name that shares nothing with the other is no correction of it
    if (count < fewest && count < candidate.length) {
      best = candidate
      fewest = count
    }
  }
  return best
}

/** ` Did you mean 'x'?`, or nothing. */
export function didYouMean (name: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(name, candidates)
  return found === undefined ? undefined : `did you mean '${found}'?`
}

/** Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours; `stop` or more counts as `stop`. */
function slips (a: string, b: string, stop: number): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let value = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) value = Math.min(value, (before[j - 2] as number) + 1)
      row.push(value)
      if (value < least) least = value
    }
    if (least >= stop) return stop
    before = previous
    previous = row
  }
  return Math.min(previous[b.length] as number, stop)
}
