/** What `sallyport explain --run --json` prints beside the explanation: plain JSON, secrets cut. */
import type { StubsSpec } from '../lab/file/schema.ts'
import type { ExplainedEntry } from './types.ts'

export interface RunRequest {
  /** Claims of a token that the stub identity provider makes: sent as `Authorization: Bearer`. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Body of the stub's answer, JSON by its Content-Type where it is any; default `{}`. */
  readonly answer?: string
  /** What stands in the place of servers, as in a file of tests: name or `host:port`, and answer. */
  readonly stubs?: StubsSpec
}

export interface ExplainedRun {
  readonly answer: RunAnswer
  /** `upstream`, the name of a plugin, or `gateway`. */
  readonly answered_by: string
  /** Code of why the request ended as it did (docs/end-reasons.md); null: the parser refused it. */
  readonly end_reason: string | null
  /** Whom the plugins found. */
  readonly consumer: string | null
  /** Hooks of plugins, in the order in which they ended. */
  readonly steps: readonly RunStep[]
  /** Plugins with hooks before the upstream that had no turn, since the request was answered before. */
  readonly not_reached: readonly string[]
  /** What came to services and other servers, or rather to the stubs in their places. */
  readonly sent: readonly SentRequest[]
  /** Attempts at services that came to nothing, in sentences. */
  readonly failed_tries: readonly string[]
  /** Servers that nobody stands for: `host:port`. */
  readonly missing: readonly string[]
}

export interface RunAnswer {
  readonly status: number
  readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }>
  /** null: empty. */
  readonly body: string | null
}

export interface SentRequest {
  /** `host:port` as the file names it. */
  readonly to: string
  /** `authorizer`: a server that a plugin asks. */
  readonly purpose: string
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string }>
  readonly body: string | null
}

export interface RunStep {
  readonly plugin: string
  readonly entry: ExplainedEntry
  /** `access`: head of the request. `body-in`: its body as a stream. `request`: with its body. `response`: the answer. */
  readonly phase: 'access' | 'body-in' | 'request' | 'response'
  /** `assumed`: it did not run, since `--consumer` says what it would have found. */
  readonly outcome: 'passed' | 'answered' | 'refused' | 'assumed'
  readonly status: number | null
  /** Code of the error. */
  readonly code: string | null
  readonly changes: readonly Change[]
}

/** One thing that a hook changed. null: it was, or is, not there. */
export interface Change {
  readonly of: 'request' | 'answer'
  readonly what: 'consumer' | 'method' | 'url' | 'host' | 'header' | 'body' | 'status'
  /** Of the header. */
  readonly name: string | null
  readonly before: string | null
  readonly after: string | null
}
