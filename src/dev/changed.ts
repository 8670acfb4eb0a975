import { watchFile } from '../files/watch.ts'

/** A file that is looked at, with the hash of what is known of it. */
export interface KnownFile {
  readonly path: string
  readonly hash: string
}

/**
 * Waits until the content of one of the files is another one.
 *
 * @returns false when a signal asks to end instead
 */
export async function changed (files: readonly KnownFile[], signals: Pick<NodeJS.EventEmitter, 'on' | 'off'>): Promise<boolean> {
  const ends = ['SIGINT', 'SIGTERM'] as const
  let finish = (_: boolean): void => {}
  const end = (): void => finish(false)
  const waiting = new Promise<boolean>(resolve => { finish = resolve })
  // the watches alone don't keep a process up
  const alive = setInterval(() => {}, 60_000)
  const watches = files.map(({ path, hash }) => watchFile(path, () => finish(true), { known: hash }))
  for (const signal of ends) signals.on(signal, end)
  try {
    return await waiting
  } finally {
    clearInterval(alive)
    for (const watch of watches) watch.close()
    for (const signal of ends) signals.off(signal, end)
  }
}
