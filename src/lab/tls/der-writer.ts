/** Writes DER (X.690), as much of it as certificates need. */

export function tagged (tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

export function sequence (...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

/** @param bytes big-endian, the first below 128 */
export function integer (bytes: Buffer): Buffer {
  return tagged(0x02, bytes)
}

/** @param dotted `2.5.4.3` */
export function objectId (dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** GeneralizedTime. */
export function time (at: Date): Buffer {
  return tagged(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}

export function utf8 (text: string): Buffer {
  return tagged(0x0c, Buffer.from(text))
}

export function octets (...parts: readonly Buffer[]): Buffer {
  return tagged(0x04, ...parts)
}

export const TRUE = tagged(0x01, Buffer.from([255]))

function base128 (value: number): number[] {
  const bytes = [value & 127]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(rest & 127 | 128)
  return bytes
}
