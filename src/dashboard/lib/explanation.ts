/** What the box shows of an explanation (src/explain/types.ts has all of it). */
interface Place {
  readonly line: number | null
}

interface RouteName extends Place {
  readonly name: string | null
  readonly id: string
}

interface Entry extends Place {
  readonly scope: string
  readonly audience: string | null
}

export interface Explanation {
  readonly request: { readonly host: string, readonly client_ip: string, readonly scheme: string, readonly consumer: string | null }
  readonly path: { readonly received: string, readonly normal: string | null } | null
  readonly outcome: { readonly kind: string, readonly status: number | null, readonly code: string | null, readonly message: string | null, readonly location: string | null }
  readonly route: (RouteName & { readonly position: number, readonly matched_path: string | null }) | null
  readonly near: ReadonlyArray<RouteName & {
    readonly failed: ReadonlyArray<{ readonly criterion: string, readonly name: string | null, readonly wants: readonly string[], readonly got: string | null }>
    readonly lost_by: { readonly rule: string, readonly winner: unknown, readonly own: unknown } | null
  }>
  readonly near_more: number
  readonly chain: ReadonlyArray<{ readonly plugin: string, readonly entry: Entry | null, readonly alternatives: readonly Entry[] }>
  readonly left_out: ReadonlyArray<{ readonly plugin: string, readonly reason: string }>
  readonly upstream: {
    readonly method: string
    readonly url: string
    readonly headers: ReadonlyArray<{ readonly name: string, readonly value: string, readonly by: string }>
    readonly dropped: ReadonlyArray<{ readonly name: string, readonly reason: string }>
  } | null
  readonly notes: readonly string[]
}
