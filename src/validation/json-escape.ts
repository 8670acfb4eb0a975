/** `"`, `/`, `\`, b, f, n, r, t. */
export function isEscape (byte: number): boolean {
  return byte === 0x22 || byte === 0x2f || byte === 0x5c || byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74
}

/** Four hex digits; -1: they are none. */
export function hex (bytes: Uint8Array, at: number): number {
  let value = 0
  for (let index = at; index < at + 4; index++) {
    const byte = bytes[index] ?? 0
    const lower = byte | 0x20
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
    if (digit === -1) return -1
    value = value * 16 + digit
  }
  return value
}
