/** What a field value can't hold (RFC 9110 section 5.5), and blanks around it. */
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]+/g // eslint-disable-line no-control-regex
const BEYOND = /[^\x00-\x7f]/ // eslint-disable-line no-control-regex

/** A text as a field value: UTF-8 where it is more than ASCII, control characters as blanks, trimmed. */
export function fieldValue (text: string): string {
  const plain = CONTROLS.test(text) ? text.replace(CONTROLS, ' ') : text
  return (BEYOND.test(plain) ? Buffer.from(plain).toString('latin1') : plain).trim()
}
