/** First value of a field of an upstream's answer: name, value, … @param name in lower case */
export function rawField (raw: readonly string[], name: string): string | undefined {
  for (let index = 0; index < raw.length; index += 2) {
    const field = raw[index] as string
    if (field.length === name.length && field.toLowerCase() === name) return raw[index + 1]
  }
  return undefined
}
