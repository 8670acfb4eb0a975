/** Writes schemas/ anew: `npm run generate`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fileJsonSchema, pluginJsonSchema } from '../src/config/json-schema.ts'
import { ConfigTests } from '../src/lab/file/schema.ts'
import { loadPlugins } from '../src/plugins.ts'

const folder = resolve(import.meta.dirname, '../../schemas')

/** Generated files by their path under schemas/. */
export async function generateSchemas (): Promise<Map<string, string>> {
  const { registry } = await loadPlugins([], folder)
  const json = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`
  return new Map([
    ['gateway.schema.json', json(fileJsonSchema(registry))],
    ['config-test.schema.json', json({ $schema: 'http://json-schema.org/draft-07/schema#', ...ConfigTests })],
    ...[...registry.values()].map(plugin => [`plugins/${plugin.name}.json`, json(pluginJsonSchema(plugin))] as const)
  ])
}

/** Files under schemas/ that are not what they should be: changed, missing, or left over. */
export async function staleSchemas (): Promise<string[]> {
  const wanted = await generateSchemas()
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.json'))
  const stale = [...wanted].filter(([file, text]) => !present.includes(file) || readFileSync(join(folder, file), 'utf8') !== text)
  return [...stale.map(([file]) => file), ...present.filter(file => !wanted.has(file))]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  rmSync(folder, { recursive: true, force: true })
  for (const [file, text] of await generateSchemas()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
}
