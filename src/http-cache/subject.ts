/** What a request asks for, where that isn't its method, query and body: requests that ask the same share an answer. */
export interface Subject {
  /** All of the request that the answer depends on, but the fields that it varies by and who asks. */
  readonly key: string
  /** Whether a whole answer may be stored. @param fields name, value, … */
  keeps (body: Buffer, fields: readonly string[]): boolean
}
