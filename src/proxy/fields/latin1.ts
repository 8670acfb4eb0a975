interface Bytes {
  latin1Slice (from?: number, to?: number): string
}

/**
 * Text of bytes, one a character: what `toString('latin1')` comes to after it has looked at its arguments.
 *
 * @param from first byte; @param to the one after the last
 */
export function latin1 (bytes: Buffer, from?: number, to?: number): string {
  return (bytes as unknown as Bytes).latin1Slice(from, to)
}
