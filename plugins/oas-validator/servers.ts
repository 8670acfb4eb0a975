import { normalizeTarget } from '../../src/plugin.ts'
import { fieldsOf, type OpenApi, type Place } from './document.ts'

/** Paths that values of variables may make of one address. */
const MOST_PATHS = 100

/** What stands before a path of the document in requests: by the servers of the path, or of the whole. Each without slash at its end. */
export function basePaths (document: OpenApi, root: Place, item: Place): string[] {
  const own = fieldsOf(item.value)['servers']
  const holder = Array.isArray(own) && own.length > 0 ? item : root
  const servers = fieldsOf(holder.value)['servers']
  if (!Array.isArray(servers) || servers.length === 0) return ['']
  const paths = new Set<string>()
  for (const [index, server] of servers.entries()) {
    const { url, variables } = fieldsOf(server)
    if (typeof url !== 'string') continue
    for (const address of expand(url, fieldsOf(variables))) {
      const path = pathOf(address)
      if (path === null) document.report({ ...holder, pointer: `${holder.pointer}/servers/${index}` }, `'${address}' is no address`, 'Write an address, or a path.')
      else paths.add(path)
    }
  }
  return [...paths]
}

/** Each combination of values of the variables. */
function expand (url: string, variables: Readonly<Record<string, unknown>>): string[] {
  let found = [url]
  for (const [, name = ''] of url.matchAll(/\{([^{}]*)\}/g)) {
    const variable = fieldsOf(variables[name])
    const values = Array.isArray(variable['enum']) ? variable['enum'] : [variable['default'] ?? '']
    found = found.flatMap(address => values.map(value => address.replace(`{${name}}`, String(value)))).slice(0, MOST_PATHS)
  }
  return found
}

function pathOf (address: string): string | null {
  const path = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(address)?.[1] ?? (/^\/?[^:?#]*$/.test(address) ? address : null)
  if (path === null) return null
  const normal = normalizeTarget(path.startsWith('/') ? path : `/${path.replace(/^\.\//, '')}`)
  return normal === null ? null : normal.path.replace(/\/$/, '')
}
