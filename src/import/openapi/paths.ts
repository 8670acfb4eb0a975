/** Paths of the document as path regexes. `{id}` is one segment, or a part of one. */

const PARAMETER = /\{([^{}]*)\}/g

/** Without the anchor at the end. */
export function pathPattern (template: string): string {
  const taken = new Set<string>()
  let pattern = ''
  let last = 0
  for (const match of template.matchAll(PARAMETER)) {
    pattern += escape(template.slice(last, match.index))
    last = match.index + match[0].length
    // up to what is written behind it: two in a segment that could share a character take quadratic time
    const next = template.slice(last, last + 1)
    pattern += `${captureName(match[1] ?? '', taken)}[^/${next === '/' || next === '{' ? '' : next.replace(/[\\\]^-]/, '\\$&')}]+)`
  }
  return pattern + escape(template.slice(last))
}

function captureName (name: string, taken: Set<string>): string {
  const word = name.replace(/\W/g, '_').replace(/^(?=\d)/, '_')
  if (word === '' || word.length > 32 || taken.has(word)) return '('
  taken.add(word)
  return `(?<${word}>`
}

function escape (text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Priorities by path: concrete paths come before the templated ones that match them, too. 0 for all others. */
export function priorities (paths: readonly string[]): Map<string, number> {
  const templates = [...new Set(paths)].filter(path => path.includes('{')).map(path => ({ path, regex: new RegExp(`^${pathPattern(path)}$`) }))
  return new Map(paths.map(path => [path, templates.filter(other => other.path !== path && other.regex.test(path.replace(PARAMETER, 'x'))).length]))
}
