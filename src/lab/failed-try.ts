import type { Service } from '../config/model.ts'
import type { Context } from '../gateway/context.ts'
import { tlsProblem } from '../live/problems.ts'
import type { LabNames } from './names.ts'
import { addressOf } from './stubs.ts'

/** An attempt at a service that came to nothing. */
export interface FailedTry {
  /** As the file names it. */
  readonly host: string
  readonly port: number
  /** Of the system, of TLS, or the gateway's own: `CERT_HAS_EXPIRED`; null: its answer was not passed on. */
  readonly code: string | null
  /** Of an answer that was not passed on. */
  readonly status: number | null
}

export function failedTriesOf (context: Context | null, names: LabNames): FailedTry[] {
  return (context?.tries ?? []).map(({ host, port, error: code = null, status = null }) => ({ host: names.nameOf(host), port, code, status }))
}

/** What happened, in words. */
export function failedTryText ({ host, port, code, status }: FailedTry, service: Pick<Service, 'protocol' | 'connect_timeout'> | null, where = addressOf({ host, port })): string {
  if (code === null) return `the answer of ${where} was not passed on: ${status ?? ''}`
  const { cause } = tlsProblem(where, Object.assign(new Error(code), { code }), { timeout: service?.connect_timeout ?? 0, tls: service?.protocol === 'https', client: false })
  return `an attempt failed: ${cause}${cause.includes(code) ? '' : ` (${code})`}`
}
