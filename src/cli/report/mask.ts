/** Keys whose values are secrets in some place of the format, whatever they are in this one. */
const NAME = '(?:[\\w-]*[_-])?(?:key|secret|password|passphrase|token)'

/** A value of a map on one line: quoted, or up to what ends it in a flow map or list. */
const SECRET = new RegExp(`((?:^|[\\s{,])(["']?)${NAME}\\2[ \\t]*:[ \\t]+)("(?:[^"\\\\]|\\\\.)*"?|'(?:[^']|'')*'?|[^\\s"',}\\]#|>](?:[^,}\\]]*[^\\s,}\\]])?)`, 'gi')

/** From the environment: the name of a variable is what a reader needs to see. */
const REFERENCE = /\{vault:\/\/|\$\{\{/

/**
 * A line of the file with asterisks where secrets may stand, in the same columns.
 *
 * By its text alone: a file that is shown is often one that could not be understood, and whatever is wrong beside a secret
 * shows its line, too.
 */
export function maskSecrets (line: string): string {
  return line.replace(SECRET, (_whole, lead: string, _quote, value: string) => lead + (REFERENCE.test(value) ? value : '*'.repeat(value.length)))
}
