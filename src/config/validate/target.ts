import type { RawEntity } from '../collect.ts'
import { targetAddress } from '../target-address.ts'
import type { EntityContext } from './context.ts'
import { hostProblem } from './host.ts'
import { missing } from './messages.ts'

/** What a schema can't say about a target. It gets its full form, by which two of them are told apart. */
export function checkTarget ({ parent, fields }: RawEntity, context: EntityContext): void {
  if (parent === null && fields['upstream'] === undefined && !context.isBroken(['upstream'])) {
    context.at([], { ...missing('upstream'), mend: 'Add `upstream`, or write it inside of its upstream.' })
  }
  const { target } = fields
  if (typeof target !== 'string' || target === '') return
  const address = targetAddress(target)
  const problem = address === undefined
    ? { mend: /:\d+$/.test(target) ? 'Write a port from 1 to 65535 behind the colon.' : 'Write host:port, without scheme and path.' }
    : hostProblem(address.host, { port: false, wildcard: false })
  if (problem !== undefined) context.at(['target'], { rule: 'bad-host', cause: `Invalid target ('${target}'); not a valid hostname or ip address`, mend: problem.mend })
  else if (address !== undefined) fields['target'] = `${address.host}:${address.port}`
}
