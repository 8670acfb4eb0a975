/** What the admin listener knows of the gateway, and has it do. */
import type { MetricsPage } from '../observability/metrics/render.ts'
import type { ProcessFacts, Question } from '../gateway/engine.ts'
import type { Checked } from '../gateway/control/check-apart.ts'
import type { History } from '../gateway/control/history.ts'
import type { PublishedAction } from '../gateway/control/published.ts'
import type { ReloadOutcome, RunnableFile } from '../gateway/control/reload.ts'
import type { AccessRules } from './access.ts'

export interface AdminSource {
  /** null: takes requests; otherwise why not. */
  notReady (): string | null
  /** Plain JSON. @param brief without lists that grow with the file */
  status (brief: boolean): Promise<unknown>
  /** For Prometheus. */
  metrics (): Promise<MetricsPage>
  /** What a plugin publishes at a path; undefined: nothing. */
  document (path: string): unknown
  /** What a plugin does at a path; undefined: nothing. */
  action (path: string): PublishedAction | undefined
  /** Of both. */
  publishedPaths (): readonly string[]
  /** Has it done, in all processes. */
  act (action: PublishedAction, body: unknown): Promise<unknown>
  rules (): AccessRules
  /** The file that runs, or is about to. */
  running (): RunnableFile
  /** Number of the snapshot. */
  readonly number: number
  readonly history: History
  /** @param limits whether entries that count are told of as well */
  facts (limits?: boolean): Promise<readonly ProcessFacts[]>
  /** Asks every process that serves; those that don't answer in time are left out. */
  ask<Kind extends keyof Question> (kind: Kind, about: Question[Kind]['about']): Promise<ReadonlyArray<Question[Kind]['answer']>>
  /** Notes in the log what was done to what runs. Nothing of it may be a secret. */
  tell (facts: Readonly<Record<string, unknown>>, what: string): void
  reload (): Promise<ReloadOutcome>
  /** Reads and checks the file, and no more. @throws ConfigFileError */
  check (): Promise<Checked>
  /** Puts a snapshot back; null: it isn't known any more. */
  rollBack (snapshot: number): Promise<ReloadOutcome | null>
}
