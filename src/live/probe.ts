import type { Pointer } from '../config/model.ts'
import type { NameServer } from '../upstream/dns/name-server.ts'

/** What is wrong with something that the file names. */
export interface LiveProblem {
  readonly rule: 'live-certificate' | 'live-connect' | 'live-dns' | 'live-expires' | 'live-file' | 'live-provider' | 'live-redis' | 'live-tls'
  /** Without a full stop. */
  readonly cause: string
  readonly mend: string
  /** Default `error`. */
  readonly severity?: 'error' | 'warning'
}

/** What probes may use. */
export interface ProbeContext {
  /** Milliseconds for each. */
  readonly timeout: number
  /** Aborted when the time of the probe is over. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly now: number
  /** That of the gateway. */
  readonly names: NameServer
  /** Folder of gateway.yaml. */
  readonly directory: string
}

/** One thing that is tried, for all values that name it. */
export interface Probe {
  /** What makes two probes one. A secret may be a part of it: it is never shown. */
  readonly key: string
  /** The value concerned. */
  readonly pointer: Pointer
  /** Tries it, and changes nothing. */
  run (context: ProbeContext): Promise<readonly LiveProblem[]>
}
