/** Most members (W3C Trace Context section 3.3.1.1). */
const MOST = 32
/** As level 2 has it: it allows more than level 1, and what somebody else can read is not thrown away. */
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const BLANKS = /^[ \t]+|[ \t]+$/g

/** Whether this may go on to an upstream: some fail on what is none. @param values of the fields `tracestate`, in their order */
export function isTracestate (values: readonly string[]): boolean {
  let members = 0
  for (const value of values) {
    for (const piece of value.split(',')) {
      const member = piece.replace(BLANKS, '')
      if (member === '') continue
      if (++members > MOST || !MEMBER.test(member)) return false
    }
  }
  // an empty one says nothing
  return members > 0
}
