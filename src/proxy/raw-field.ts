/** First value of a field of an upstream's answer, as undici gives them: name, value, … @param name in lower case */
export function rawField (raw: readonly Buffer[], name: string): string | undefined {
  for (let index = 0; index < raw.length; index += 2) {
    const field = raw[index] as Buffer
    if (field.length === name.length && field.toString('latin1').toLowerCase() === name) return (raw[index + 1] as Buffer).toString('latin1')
  }
  return undefined
}
