/** The parts of a log line that a record is made of. */
interface Line {
  readonly request?: { readonly id: string, readonly uri?: string, readonly method?: string }
  readonly response?: { readonly status: number }
  readonly route?: { readonly id: string, readonly name: string | null }
  readonly service?: { readonly id: string, readonly name: string | null }
  readonly consumer?: { readonly id: string, readonly username: string | null, readonly custom_id: string | null }
  readonly authenticated_entity?: { readonly id: string }
  readonly client_ip?: string
  readonly started_at: number
  readonly end_reason?: string
  readonly ended_by?: string
  readonly error?: string
}

/** Who, what, when, and with what outcome; of a line in which secrets are cut. */
export function auditRecord (line: string): Record<string, unknown> {
  const { request, response, route, service, consumer, authenticated_entity: credential, client_ip: address, started_at: at, end_reason: reason, ended_by: plugin, error } = JSON.parse(line) as Line
  return {
    time: new Date(at).toISOString(),
    who: { consumer: consumer?.username ?? consumer?.custom_id ?? consumer?.id ?? null, credential: credential?.id ?? null, client_ip: address },
    what: { method: request?.method, uri: request?.uri, route: route?.name ?? route?.id ?? null, service: service?.name ?? service?.id ?? null },
    outcome: { status: response?.status, end_reason: reason, ended_by: plugin ?? null, error: error ?? null },
    request_id: request?.id
  }
}
