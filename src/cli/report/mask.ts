import { cutPasswords } from '../../config/cut-passwords.ts'

/** Keys whose values are secrets in some place of the format, whatever they are in this one. */
const NAME = '(?:[\\w-]*[_-])?(?:key|secret|password|passphrase|token|authorization|authorization_value)'

/** A value of a map on one line: quoted, or up to what ends it in a flow map or list. */
const SECRET = new RegExp(`((?:^|[\\s{,])(["']?)${NAME}\\2[ \\t]*:[ \\t]+)("(?:[^"\\\\]|\\\\.)*"?|'(?:[^']|'')*'?|[^\\s"',}\\]#|>](?:[^,}\\]]*[^\\s,}\\]])?)`, 'gi')

/** A plain value in a map of its own line: there, brackets and commas are part of it. */
const BLOCK = new RegExp(`^([ \\t]*(?:- +)*(["']?)${NAME}\\2[ \\t]*:[ \\t]+)([^\\s"'#|>{\\[](?:.*\\S)?)`, 'i')

/** An item of a list that is a header field with its value: `"Authorization: Bearer x"`, `- x-api-key:x`. */
const FIELD = new RegExp(`((["'])${NAME}[ \\t]*:[ \\t]*)((?:(?!\\2).)+)`, 'gi')
const PLAIN_FIELD = new RegExp(`^([ \\t]*()- +${NAME}:)(\\S.*)$`, 'i')

/** Arguments of an address. */
const ARGUMENT = new RegExp(`([?&]${NAME}=)([^&#\\s"'{}]+)`, 'gi')

/** From the environment: the name of a variable is what a reader needs to see. */
const REFERENCE = /\{vault:\/\/|\$\{\{/

/**
 * A line of the file with asterisks where secrets may stand, in the same columns.
 *
 * By its text alone: a file that is shown is often one that could not be understood, and whatever is wrong beside a secret
 * shows its line, too.
 */
export function maskSecrets (line: string): string {
  const cut = (_whole: string, lead: string, _quote: string, value: string): string => lead + (REFERENCE.test(value) ? value : '*'.repeat(value.length))
  return cutPasswords(line.replace(BLOCK, cut).replace(SECRET, cut).replace(FIELD, cut).replace(PLAIN_FIELD, cut).replace(ARGUMENT, (_whole, lead: string, value: string) => lead + '*'.repeat(value.length)))
}
