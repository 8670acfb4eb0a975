import type { Context } from '../../gateway/context.ts'

/** Passes 1xx answers on (RFC 9110 section 15.2): 102 and 103 are the ones that Node can write. */
export function passInterim (context: Context, status: number, raw: readonly string[]): void {
  const { response } = context
  if (context.raw.httpVersion === '1.0' || response.headersSent) return
  if (status === 102) response.writeProcessing()
  if (status !== 103) return
  const hints: Record<string, string[]> = {}
  for (let index = 0; index < raw.length; index += 2) {
    (hints[(raw[index] as string).toLowerCase()] ??= []).push(raw[index + 1] as string)
  }
  if (hints['link'] === undefined) return
  try {
    response.writeEarlyHints(hints)
  } catch {
    // a Link that Node refuses to write is no more than a hint lost
  }
}
