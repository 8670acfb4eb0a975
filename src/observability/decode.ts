/** Percent-decoding that takes what clients send: a malformed escape leaves the text as it is. */
export function decodeOnce (text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // one bad escape must not hide the good ones beside it
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
}
