import type { LintContext } from './context.ts'

/** `gateway.exempt` that leaves nobody to be limited. */
export function exemptsEverybody (context: LintContext): void {
  const { ips, paths } = context.config.gateway.exempt
  for (const [index, range] of ips.entries()) if (/\/0+$/.test(range)) warn(context, `/gateway/exempt/ips/${index}`, 'this range has all addresses of its family in it')
  for (const [index, path] of paths.entries()) if (path === '/*') warn(context, `/gateway/exempt/paths/${index}`, 'every path is below this one')
}

function warn (context: LintContext, pointer: string, why: string): void {
  context.warn(pointer, { rule: 'exempts-everybody', cause: `no plugin limits anybody: ${why}`, mend: 'Write the addresses or paths that are meant.' })
}
