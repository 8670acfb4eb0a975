import { AnonymousConsumer, definePlugin, Type } from '../../src/plugin.ts'
import type { BrandedPlugin } from '../../src/plugin.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LoadOptions, LoadResult } from '../../src/config/load.ts'
import type { Diagnostic } from '../../src/config/diagnostics.ts'

/** A text whose expected place stands between « and ». */
export interface Marked {
  readonly text: string
  /** `line:column-line:column` of the marks; undefined without. */
  readonly place: string | undefined
}

/** Takes the marks out of a text, and says where they were. */
export function unmark (marked: string): Marked {
  const start = marked.indexOf('«')
  if (start === -1) return { text: marked, place: undefined }
  const open = marked.replace('«', '')
  const end = open.indexOf('»')
  const text = open.replace('»', '')
  return { text, place: `${position(text, start)}-${position(text, end)}` }
}

function position (text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}

export function placeOf ({ range }: Pick<Diagnostic, 'range'>): string {
  return `${range.line}:${range.column}-${range.endLine}:${range.endColumn}`
}

/** Loads a text with the given plugins only, and an empty environment unless one is given. */
export function loadText (text: string, options: Partial<LoadOptions> & { readonly plugins?: readonly BrandedPlugin[] } = {}): Promise<LoadResult> {
  const { plugins = [fixture], ...rest } = options
  return loadConfig({
    file: 'gateway.yaml',
    text,
    env: {},
    loadPlugins: async () => ({ registry: new Map(plugins.map(plugin => [plugin.name, plugin])), problems: [], modules: [] }),
    ...rest
  })
}

/** A plugin with one option of each kind that matters to messages. */
export const fixture = definePlugin({
  name: 'fixture',
  priority: 1,
  schema: Type.Object({
    text: Type.Optional(Type.String({ minLength: 1, description: 'A text.' })),
    count: Type.Optional(Type.Integer({ minimum: 1, default: 5, description: 'A number.' })),
    list: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { default: ['a'], description: 'Texts.' })),
    mode: Type.Optional(Type.Enum(['loose', 'strict'], { default: 'loose', description: 'A choice.' })),
    either: Type.Optional(Type.Union([Type.Integer(), Type.Literal('auto')], { description: 'A number or auto.' })),
    nested: Type.Optional(Type.Object({
      deep: Type.String({ pattern: '^x', description: 'Starts with x.' })
    }, { additionalProperties: false, description: 'A block.' })),
    free: Type.Optional(Type.Unknown({ description: 'Anything.' })),
    anonymous: AnonymousConsumer
  }, { additionalProperties: false }),
  scopes: ['global', 'service', 'route', 'consumer'],
  * check (config) {
    if (config.text === 'bad') yield { path: '/text', message: 'this text is refused', mend: 'write another' }
    if (config.text === 'odd') yield { path: '/text', message: 'this text is odd', mend: 'write another', severity: 'warning' }
  },
  register () {}
})
