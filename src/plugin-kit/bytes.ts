/** Binary strings: one character a byte, as Node gives header fields. */

/** UTF-8 bytes of a text. */
export function toBytes (text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1')
}

/** The text whose UTF-8 bytes these are. */
export function toText (bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString()
}

function isAscii (text: string): boolean {
  return !/[^\0-\x7f]/.test(text)
}

/** As part of a path: everything but RFC 3986's pchar and `/` becomes a triplet, `%` too. */
export function escapePath (bytes: string): string {
  return bytes.replace(/[^\w.~!$&'()*+,;=:@/-]/g, toTriplet)
}

/** The same, but triplets that are there stay. */
export function escapeRest (bytes: string): string {
  return bytes.replace(/%(?![\da-f]{2})|[^\w.~!$&'()*+,;=:@/%-]/gi, toTriplet)
}

/** Whether a server may take a segment of the path for `.` or `..` (RFC 3986 section 5.2.4, escaped ones too). */
export function hasDotSegment (path: string): boolean {
  return /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}

/** As name or value of an argument (RFC 3986's unreserved characters stay). */
export function escapeArgument (bytes: string): string {
  return bytes.replace(/[^\w.~-]/g, toTriplet)
}

/** What may not stand in a query at all is escaped; what separates stays. */
export function escapeQuery (bytes: string): string {
  return bytes.replace(/[^!-~]|#/g, toTriplet)
}

/** Reads a name or value of an argument: `+` is a blank, a `%` without two hex digits is itself. */
export function unescapeArgument (escaped: string): string {
  if (!/[%+]/.test(escaped)) return escaped
  return escaped.replaceAll('+', ' ').replace(/%([\da-f]{2})/gi, (_triplet, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

/**
 * As value of a header field: RFC 9110 section 5.5 wants CR, LF and NUL replaced by a blank, and the other controls have
 * no business there either.
 */
export function toFieldValue (bytes: string): string {
  return bytes.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')
}

function toTriplet (byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
