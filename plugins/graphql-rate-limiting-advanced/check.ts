import { type CheckContext, type CheckFinding, identifierFindings, readSchemaTypes, redisFindings, type SchemaTypes } from '../../src/plugin.ts'
import type { Config } from './schema.ts'

/** Rules that the schema can't say. */
export function * checkConfig (config: Config, context: CheckContext): Generator<CheckFinding> {
  const { limit, window_size: sizes, costs, schema } = config
  if (config.pass_all_downstream_headers) yield { path: '/pass_all_downstream_headers', message: 'the service is not asked for its schema, so no headers go there', mend: 'Remove it, and name the file of the schema in `schema`.' }
  if (limit.length !== sizes.length) yield { path: '/window_size', message: 'You must provide the same number of windows and limits', mend: `Write ${limit.length} of them.` }
  for (const finding of identifierFindings({ limit_by: config.identifier, header_name: config.header_name, path: config.path, claim_name: config.claim_name })) {
    yield { ...finding, path: '/identifier', message: finding.message.replace('limit_by', 'identifier') }
  }
  const paths = costs.map(cost => cost.type_path)
  yield * pathFindings(paths, schema)
  if (schema !== undefined) yield * schemaFindings(paths, schema, context)
  if (config.cost_strategy === 'node_quantifier' && costs.length === 0) {
    yield { path: '/cost_strategy', severity: 'warning', message: 'without `costs` each operation costs 1', mend: 'Add `costs`, or write `cost_strategy: default`.' }
  }
  yield * redisFindings(config.strategy, config.redis, 'strategy')
  yield * syncFindings(config)
}

/** Without a schema nobody knows of which type a field is: two decorations of one name can't be told apart. */
function * pathFindings (paths: readonly string[], schema: string | undefined): Generator<CheckFinding> {
  const seen = new Set<string>()
  for (const [index, path] of paths.entries()) {
    const key = schema === undefined ? path.slice(path.indexOf('.') + 1) : path
    if (seen.has(key)) {
      yield {
        path: `/costs/${index}/type_path`,
        message: schema === undefined && !paths.slice(0, index).includes(path) ? `without \`schema\` nobody knows which \`${key}\` is meant` : `the cost of ${path} stands twice`,
        mend: schema === undefined ? 'Add `schema`, or keep one of them.' : 'Keep one of them.'
      }
    }
    seen.add(key)
  }
}

function * schemaFindings (paths: readonly string[], file: string, { directory, reads }: CheckContext): Generator<CheckFinding> {
  let types: SchemaTypes
  try {
    types = readSchemaTypes(directory, file, reads)
  } catch (error) {
    yield { path: '/schema', message: (error as Error).message, mend: 'Write the schema of the service into a file beside the configuration, and name it here.' }
    return
  }
  for (const [index, path] of paths.entries()) {
    const [type, field] = path.split('.') as [string, string]
    if (!types.has(type, field)) yield { path: `/costs/${index}/type_path`, message: `the schema has no ${path}`, mend: 'Correct it, or the schema.' }
  }
}

function * syncFindings ({ strategy, sync_rate: rate }: Config): Generator<CheckFinding> {
  if (strategy === 'redis' && rate < 0) yield { path: '/sync_rate', message: 'Redis would never be told anything', mend: 'Write 0, or `strategy: local`.' }
  else if (rate > 0 && rate < 0.02) yield { path: '/sync_rate', message: '`sync_rate` is 0, or 0.02 seconds and more', mend: 'Write 0 to make each decision in Redis.' }
  else if (strategy === 'local' && rate > 0) yield { path: '/sync_rate', message: '`sync_rate` needs `strategy: redis`', mend: 'Add it, or remove `sync_rate`.' }
}
