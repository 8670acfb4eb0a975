import { Command, Option } from 'commander'
import type { Config, Route } from '../config/model.ts'
import { candidates, decidingField, type Candidate, type Priority } from '../router/order.ts'
import { type Done, exitCode, type ExitCode } from './exit-code.ts'
import { load } from './file.ts'
import type { CliIo } from './io.ts'
import { textReport } from './report/text.ts'
import { table } from './table.ts'

export interface RoutesArgs {
  readonly file?: string | undefined
  readonly format: 'text' | 'json'
}

/** One line of the table: a route, or one group of its paths, in the order in which they are tried. */
export interface RouteRow {
  /** From 1. */
  readonly position: number
  readonly route: string | null
  readonly service: string | null
  readonly methods: readonly string[] | null
  readonly hosts: readonly string[] | null
  readonly paths: readonly string[] | null
  readonly headers: Route['headers']
  readonly snis: readonly string[] | null
  /** Why it stands before the next one; null for the last one. */
  readonly reason: string | null
  readonly priority: Priority
}

export function routesCommand (io: CliIo, done: Done): Command {
  return new Command('routes')
    .description('List the routes in the order in which they are tried, and why.')
    .argument('[FILE]', 'the configuration; - reads standard input')
    .addOption(new Option('-f, --format <format>', 'how the table is written').choices(['text', 'json']).default('text'))
    .addHelpText('after', `
A request goes to the first line that accepts it. A route whose paths rank differently has several lines.

Examples:
  $ sallyport routes
  $ sallyport routes --format json gateway.yaml`)
    .action(async (file: string | undefined, options: Omit<RoutesArgs, 'file'>) => done(await routes({ file, ...options }, io)))
}

/** Prints the routes in matching order. */
export async function routes ({ file, format }: RoutesArgs, io: CliIo): Promise<ExitCode> {
  const { config, diagnostics, source } = await load(file, io, { errorsOnly: true })
  if (config === null) {
    io.stderr.write(textReport(diagnostics.filter(({ severity }) => severity === 'error'), source.text, io.stderr.paint))
    return exitCode.errors
  }
  const rows = routeRows(config)
  if (format === 'json') io.stdout.write(`${JSON.stringify({ version: 1, routes: rows }, null, 2)}\n`)
  else if (rows.length === 0) io.stdout.write('The file has no routes.\n')
  else io.stdout.write(textTable(rows, io))
  return exitCode.clean
}

function routeRows (config: Config): RouteRow[] {
  const services = new Map(config.services.map(service => [service.id, service]))
  const enabled = config.routes.filter(route => route.service === null || services.get(route.service)?.enabled !== false)
  const list = candidates(enabled)
  return list.map((candidate, index) => {
    const { route, paths } = candidate
    const next = list[index + 1]
    const service = route.service === null ? undefined : services.get(route.service)
    return {
      position: index + 1,
      route: route.name ?? route.id,
      service: service === undefined ? null : service.name ?? service.host,
      methods: route.methods,
      hosts: route.hosts,
      paths: paths.length === 0 ? null : paths,
      headers: route.headers,
      snis: route.snis,
      reason: next === undefined ? null : reason(candidate, next),
      priority: candidate.priority
    }
  })
}

/** Why `candidate` is tried before `next`. */
function reason (candidate: Candidate, next: Candidate): string {
  const mine = candidate.priority
  const theirs = next.priority
  switch (decidingField(candidate, next)) {
    case 'criteria': return `${mine.criteria} criteria, the next ${theirs.criteria}`
    case 'plainHosts': return 'hosts without wildcard'
    case 'headers': return `${mine.headers} headers, the next ${theirs.headers}`
    case 'regex': return 'regex before prefix'
    case 'regexPriority': return `regex_priority ${mine.regexPriority}, the next ${theirs.regexPriority}`
    case 'length': return `longer path: ${mine.length}, the next ${theirs.length}`
    default: return 'earlier in the file'
  }
}

function textTable (rows: readonly RouteRow[], io: CliIo): string {
  const any = (list: readonly string[] | null): string => list === null ? '*' : list.join(' ')
  const headers = rows.some(row => row.headers !== null)
  const snis = rows.some(row => row.snis !== null)
  return table(
    ['#', 'ROUTE', 'SERVICE', 'METHODS', 'HOSTS', 'PATHS', ...(headers ? ['HEADERS'] : []), ...(snis ? ['SNIS'] : []), 'BEFORE THE NEXT BECAUSE'],
    rows.map(row => [
      String(row.position), row.route ?? '-', row.service ?? '-', any(row.methods), any(row.hosts), any(row.paths),
      ...(headers ? [row.headers === null ? '*' : Object.entries(row.headers).map(([name, values]) => `${name}=${values.join('|')}`).join(' ')] : []),
      ...(snis ? [any(row.snis)] : []),
      row.reason ?? ''
    ]),
    io.stdout.paint
  )
}
