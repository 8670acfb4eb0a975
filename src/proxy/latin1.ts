interface Bytes {
  latin1Slice (): string
}

/**
 * Text of bytes, one a character: what `toString('latin1')` comes to after it has looked at its arguments, which for the
 * fields of one head is 0.4 µs.
 */
export function latin1 (bytes: Buffer): string {
  return (bytes as unknown as Bytes).latin1Slice()
}
