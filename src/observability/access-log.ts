/** The access log: one JSON line a request. */
import type { AccessFacts, RefusedFacts } from './access-facts.ts'
import { createLineWriter } from './access-line.ts'
import type { Destination } from './destination.ts'
import { reasonOfError } from './end-reason.ts'
import type { Redactor } from './redaction.ts'

export interface AccessLog {
  /** Never throws. */
  write (facts: AccessFacts): void
  /** For what Fastify never sees: malformed, too long, too slow. Its bytes are not logged, they may be anything. */
  refused (facts: RefusedFacts): void
}

/**
 * @param destination owned by the process: it outlives reloads
 * @param redactor of the running configuration
 * @param lineOf what makes its lines
 */
export function createAccessLog (destination: Destination, redactor: Redactor, lineOf: (facts: AccessFacts) => string = createLineWriter(redactor)): AccessLog {
  return {
    write (facts) {
      destination.writeAscii(lineOf(facts))
    },
    refused (facts) {
      destination.writeAscii(`{"request":{"id":"${facts.id}","headers":{},"querystring":{}},"upstream_uri":"","upstream_status":"","response":{"status":${facts.status},"headers":{}}` +
        `,"tries":[],"client_ip":"${facts.clientIp}","started_at":${facts.startedAt},"source":"kong","end_reason":"${reasonOfError(facts.errorCode, facts.status)}","error":"${facts.errorCode}"}\n`)
    }
  }
}
