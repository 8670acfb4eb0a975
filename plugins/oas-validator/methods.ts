import { METHODS } from 'node:http'
import { fieldsOf, type OpenApi, type Place } from './document.ts'

/** Fields of a path that are operations; `query` since 3.2. */
const FIXED = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query']

/** An operation of a path. */
export interface MethodPlace {
  /** As requests say it. */
  readonly method: string
  /** From the path to the operation. */
  readonly steps: readonly string[]
  readonly place: Place
}

/** The operations of a path: those with a field of their own, and since 3.2 those of other methods. */
export function operationsOf (document: OpenApi, item: Place): MethodPlace[] {
  const found: MethodPlace[] = []
  const add = (method: string, ...steps: string[]): void => {
    const place = document.get(item, ...steps)
    if (place !== null) found.push({ method, steps, place })
  }
  for (const name of FIXED) add(name.toUpperCase(), name)
  for (const method of Object.keys(fieldsOf(document.get(item, 'additionalOperations')?.value))) {
    const place = document.get(item, 'additionalOperations', method)
    if (place === null) continue
    if (FIXED.includes(method.toLowerCase())) document.report(place, `'${method}' has a field of its own`, `Write it as \`${method.toLowerCase()}\`, beside \`additionalOperations\`.`)
    else if (!METHODS.includes(method)) document.report(place, `requests with the method ${method} don't reach the gateway: its HTTP parser doesn't know it`, 'Take it out of the document that the gateway reads.', 'warning')
    else add(method, 'additionalOperations', method)
  }
  return found
}
