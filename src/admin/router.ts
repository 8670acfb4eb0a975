/** Finds the endpoint of a path. */
import type { Endpoint } from './endpoint.ts'

export interface Found {
  readonly endpoint: Endpoint
  readonly params: Readonly<Record<string, string>>
}

/** What there is at a path: by method; empty: nothing. */
export type Finder = (path: string) => ReadonlyMap<string, Found>

interface Compiled {
  readonly endpoint: Endpoint
  readonly names: readonly string[]
  readonly regex: RegExp
}

const NOTHING: ReadonlyMap<string, Found> = new Map()

export function createFinder (endpoints: readonly Endpoint[]): Finder {
  const compiled = endpoints.map(compile)
  return path => {
    const found = new Map<string, Found>()
    for (const { endpoint, names, regex } of compiled) {
      const match = regex.exec(path)
      if (match === null || found.has(endpoint.method)) continue
      const params: Record<string, string> = {}
      for (const [index, name] of names.entries()) {
        const value = decode(match[index + 1] as string)
        if (value === null) return NOTHING
        params[name] = value
      }
      found.set(endpoint.method, { endpoint, params })
    }
    return found
  }
}

function compile (endpoint: Endpoint): Compiled {
  const names: string[] = []
  const source = endpoint.path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)(\\\.\\\.\\\.)?\}/g, (_, name: string, rest?: string) => {
    names.push(name)
    return rest === undefined ? '([^/]+)' : '(.*)'
  })
  return { endpoint, names, regex: new RegExp(`^${source}$`) }
}

function decode (text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
