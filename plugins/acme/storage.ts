/** Where what several processes must share is kept. Keys are of our own making: words, colons, host names, tokens. */
export interface Storage {
  get (key: string): Promise<string | null>
  /** @param ttl milliseconds for which it is wanted at least; default: for ever */
  set (key: string, value: string, ttl?: number): Promise<void>
  delete (key: string): Promise<void>
  /**
   * Takes a lock that nobody else has.
   *
   * @param ttl milliseconds after which it lapses, whatever becomes of its holder
   * @returns gives it back; null: somebody has it
   */
  lock (key: string, ttl: number): Promise<(() => Promise<void>) | null>
  close (): void | Promise<void>
}
