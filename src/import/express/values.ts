import type { Draft } from '../draft.ts'

/**
 * A text of the file, with its variables as references: `${NAME}`, with a default that is lost and said.
 *
 * A reference inside of a text needs decK's form, whose names start with DECK_.
 */
export function withReferences (text: string, draft: Draft): string {
  const whole = /^\$\{(\w+)(?::-?[^}]*)?\}$/.exec(text)
  if (whole !== null) return `{vault://env/${whole[1]}}`
  if (!/\$\{\w+/.test(text)) return text
  const value = text.replace(/\$\{(\w+)(?::-?[^}]*)?\}/g, (_, name: string) => `\${{ env "DECK_${name}" }}`)
  draft.plain.add(value)
  return value
}

/** Whether a text has variables of the environment. */
export function hasVariables (text: string): boolean {
  return /\$\{\w+(?::-?[^}]*)?\}/.test(text)
}
