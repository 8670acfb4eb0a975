/** What a collector said to a batch. */
export type Answer =
  /** It has it; `body` says of how much (OTLP's partial success). */
  | { readonly kind: 'taken', readonly body: Uint8Array }
  /** Not now. `after`: milliseconds that it asked for; null: it named none. */
  | { readonly kind: 'later', readonly reason: string, readonly after: number | null }
  /** Not this, and not if it were sent again. */
  | { readonly kind: 'refused', readonly reason: string }

/** A way to a collector. */
export interface Delivery {
  /** @param milliseconds for the whole of it */
  send (body: Uint8Array, milliseconds: number): Promise<Answer>
  /** Cuts what is under way, and lets go of connections. */
  close (): void
}

/** For a configuration that is tried. */
export const NOWHERE: Delivery = {
  send: async () => ({ kind: 'taken', body: new Uint8Array() }),
  close () {}
}
