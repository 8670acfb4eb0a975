import { CUT } from '../../cli/print/tree.ts'
import { secretsIn } from '../../config/lint/secrets.ts'
import type { Entity, PluginEntry, Pointer } from '../../config/model.ts'
import { join } from '../../config/pointer.ts'
import type { RunnableFile } from '../../gateway/control/reload.ts'

/** Takes secrets out of what is shown of a file: what came from references, and what schemas call secret. */
export class Cut {
  readonly #file: RunnableFile

  constructor (file: RunnableFile) {
    this.#file = file
  }

  /** Whether the value there came from a reference. */
  isSecret (pointer: Pointer): boolean {
    return this.#file.source.isSecret(pointer)
  }

  /** Its fields, but for the pointer. */
  entity<Kind extends Entity> ({ pointer, ...fields }: Kind): Omit<Kind, 'pointer'> {
    // credentials in the fields that health checks send
    const secrets = new Set([...secretsIn(fields, undefined, pointer)].map(secret => secret.pointer))
    return this.#value(fields, pointer, secrets) as Omit<Kind, 'pointer'>
  }

  options ({ name, config, pointer }: PluginEntry): Record<string, unknown> {
    const at = join(pointer, 'config')
    const secrets = new Set([...secretsIn(config, this.#file.plugins.registry.get(name)?.schema, at)].map(secret => secret.pointer))
    return this.#value(config, at, secrets) as Record<string, unknown>
  }

  #value (value: unknown, pointer: Pointer, secrets: ReadonlySet<Pointer>): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.#value(item, join(pointer, index), secrets))
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#value(item, join(pointer, key), secrets)]))
    }
    if (!secrets.has(pointer) && !this.#file.source.isSecret(pointer)) return value
    // a yes or no says nothing; that a number is none can be told from it
    return typeof value === 'string' ? CUT : typeof value === 'number' ? null : value
  }
}
