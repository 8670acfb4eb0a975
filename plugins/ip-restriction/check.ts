import { resolve } from 'node:path'
import { type CheckFinding, readNetwork, readRegularSync, type Static } from '../../src/plugin.ts'
import { listProblem } from './list.ts'
import { LONGEST } from './networks.ts'
import type { IpRestriction } from './schema.ts'

export type Config = Static<typeof IpRestriction>

export function * checkConfig (config: Config, directory: string): Generator<CheckFinding> {
  if (config.allow === undefined && config.deny === undefined && config.allow_file === undefined && config.deny_file === undefined) {
    yield { path: '', message: 'at least one of these fields must be non-empty: \'allow\', \'deny\'', mend: 'Add `allow` or `deny`, or `allow_file` or `deny_file`.' }
  }
  for (const option of ['allow', 'deny'] as const) {
    for (const [index, text] of (config[option] ?? []).entries()) yield * checkNetwork(text, `/${option}/${index}`)
  }
  for (const option of ['allow_file', 'deny_file'] as const) {
    const problem = config[option] === undefined ? null : fileProblem(resolve(directory, config[option]))
    if (problem !== null) yield { path: `/${option}`, message: `'${config[option]}' is no list of addresses: ${problem}`, mend: 'Write one address or CIDR range a line; the path starts at the folder of gateway.yaml.' }
  }
}

function * checkNetwork (text: string, path: string): Generator<CheckFinding> {
  const network = readNetwork(text)
  if (network === null) {
    yield { path, message: `invalid ip or cidr range: '${text}'`, mend: 'Write it like 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32.' }
  } else if (network.loose) {
    yield {
      path,
      message: `'${text}' stands for all of the range that the address is in`,
      mend: `Write the first address of the range, or leave out '${text.slice(text.indexOf('/'))}' if one address is meant.`,
      severity: 'warning'
    }
  }
}

function fileProblem (file: string): string | null {
  let text: string
  try {
    text = readRegularSync(file, LONGEST).toString()
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    return code === 'EFBIG' ? `the file has more than ${LONGEST} bytes` : `the file can't be read (${code})`
  }
  return listProblem(text)
}
