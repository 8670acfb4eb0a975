import type { Config } from '../config/model.ts'
import { content, type ScalarNode, type YamlNode } from '../config/yaml/nodes.ts'
import type { Source } from '../config/source.ts'
import { targetAddress } from '../config/target-address.ts'
import { isLoopback } from './redaction.ts'

/** What came from references, for the redactor: nobody may read it in a log. */
export interface Secrets {
  readonly values: readonly string[]
  /** Hosts of upstreams: they stand alone, too. */
  readonly hosts: readonly string[]
}

export const NO_SECRETS: Secrets = { values: [], hosts: [] }

export function secretsOfFile (config: Pick<Config, 'services' | 'targets'>, source: Pick<Source, 'root' | 'isSecret'>): Secrets {
  const values = secretValues(source)
  const hosts = [
    ...values.filter(value => URL.canParse(value)).map(value => hostOf(new URL(value).hostname, new URL(value).port)),
    ...config.services.filter(({ pointer }) => source.isSecret(`${pointer}/host`)).map(({ host, port }) => hostOf(host, port)),
    ...config.targets.filter(({ pointer }) => source.isSecret(`${pointer}/target`)).map(({ target }) => {
      // as the balancer knows it: in lower case
      const { host, port } = targetAddress(target) ?? { host: '', port: 0 }
      return hostOf(host, port)
    })
  ]
  return { values, hosts: [...new Set(hosts)].filter(host => host !== '') }
}

function hostOf (host: string, port: string | number): string {
  const bare = host.replace(/^\[|\]$/g, '')
  return isLoopback(bare) ? `${bare}:${port}` : bare
}

/** Values of a file that came from references. */
export function secretValues (source: Pick<Source, 'root'>): string[] {
  const found = new Set<string>()
  const seen = new Set<YamlNode>()
  const waiting: YamlNode[] = source.root === null ? [] : [source.root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const inner = content(node)
    // aliases make the tree a graph
    if (seen.has(inner)) continue
    seen.add(inner)
    if (inner.kind === 'sequence') waiting.push(...inner.items)
    else if (inner.kind === 'mapping') for (const entry of inner.entries.values()) waiting.push(entry.node)
    else if (inner.secret === true) for (const value of valuesOf(inner)) found.add(value)
  }
  return [...found]
}

/** The whole, and what it has beyond the text around the reference: a header can be `Bearer ${{ env "DECK_TOKEN" }}`. */
function valuesOf ({ text, value }: ScalarNode): string[] {
  const whole = String(value)
  const start = text.indexOf('${{')
  const end = text.lastIndexOf('}}')
  if (start === -1 || end === -1) return [whole]
  const inner = whole.slice(start, whole.length - (text.length - end - 2))
  return inner === '' ? [whole] : [whole, inner]
}
