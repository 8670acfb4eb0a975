/** Parts of a request that are validated. */
export type Part = 'body' | 'query' | 'path' | 'header' | 'cookie'

/** One thing that is wrong with a request. Says nothing that the client hasn't sent and no value of the client's. */
export interface Violation {
  readonly in: Part
  /** Of a parameter. */
  readonly name?: string
  /** Where in the body, or in a parameter that has a structure: a JSON pointer as a URI fragment (RFC 6901 section 6). */
  readonly pointer?: string
  /** Keyword of the schema, or a word of ours for what no schema says (`syntax`, `encoding`, `duplicate`, …). */
  readonly keyword: string
  /** One clause for a human. */
  readonly message: string
}

/** Longest text of a violation, in characters: names of members are the client's. */
const LONGEST = 200

export function shorten (text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}
