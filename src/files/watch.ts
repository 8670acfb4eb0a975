/** Notices that a file has other content than before, however it was changed. */
import { createHash } from 'node:crypto'
import { watch as watchDirectory, type FSWatcher } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import path from 'node:path'
import { readRegular } from './read-regular.ts'

export interface WatchOptions {
  /** Hash of the content that is known already (see {@link contentHash}); a difference counts as a change at once. */
  readonly known: string
  /** Quiet time after the last event before the file is read: editors and `cp` write in steps. */
  readonly debounce?: number
  /** How often to look without being told: network file systems send no events, and a watched folder can be replaced. */
  readonly poll?: number
  /** Told once when the file has been missing at two looks in a row, and once more after it was back. */
  readonly onMissing?: () => void
}

export interface FileWatch {
  /** Looks now; resolves when that is done. */
  check (): Promise<void>
  close (): void
}

const DEBOUNCE = 100
const POLL = 2000
/** Events can put the reading off by so many quiet times. */
const LONGEST = 10
/** Looks in a row that found no file: an editor that puts another one in its place is quicker. */
const GONE = 2
/** Symbolic links in a row before it must be a circle. */
const MAX_LINKS = 40

export function contentHash (text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Watches folders, not the file: a watched file is lost when an editor puts a new one in its place. Every symbolic link on
 * the way is watched where it stands, so Kubernetes' exchange of `..data` is seen, and only names that matter wake us.
 *
 * @param file path as the user gave it
 * @param onChange called once for each new content, never for an unreadable file: a file that is gone for a moment comes back
 */
export function watchFile (file: string, onChange: (hash: string) => void, options: WatchOptions): FileWatch {
  const { debounce = DEBOUNCE, poll = POLL, onMissing } = options
  const watchers = new Map<string, FSWatcher>()
  let known = options.known
  let signature = ''
  let timer: NodeJS.Timeout | undefined
  let firstEvent = 0
  let closed = false
  let running: Promise<void> | null = null
  let again = false
  let missing = 0

  function wake (): void {
    if (closed) return
    const now = Date.now()
    if (timer === undefined) firstEvent = now
    clearTimeout(timer)
    // not pushed back for ever: a file that is written all the time is still read
    timer = setTimeout(() => {
      timer = undefined
      check().catch(() => {})
    }, Math.min(debounce, Math.max(0, firstEvent + LONGEST * debounce - now)))
  }

  async function watchLinks (): Promise<void> {
    const places = await linkPlaces(file)
    if (closed) return
    for (const [folder, watcher] of watchers) {
      if (places.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const [folder, names] of places) {
      if (watchers.has(folder)) continue
      try {
        const watcher = watchDirectory(folder, { persistent: false }, (_, name) => {
          if (name === null || names.has(name)) wake()
        })
        const forget = (): void => {
          watcher.close()
          watchers.delete(folder)
        }
        // the folder itself was moved or deleted: the poll finds its successor
        watcher.on('error', forget)
        watchers.set(folder, watcher)
      } catch {
        // no events from here (limit reached, folder gone): the poll has to do
      }
    }
  }

  async function look (): Promise<void> {
    await watchLinks()
    let content: Buffer
    try {
      content = await readRegular(file)
    } catch {
      return
    }
    missing = 0
    const hash = contentHash(content)
    if (closed || hash === known) return
    known = hash
    onChange(hash)
  }

  async function check (): Promise<void> {
    if (running !== null) {
      again = true
      return await running
    }
    running = (async () => {
      do {
        again = false
        await look()
      } while (again)
    })()
    try {
      await running
    } finally {
      running = null
    }
  }

  const interval = setInterval(() => {
    fileSignature(file).then(next => {
      missing = next === null ? missing + 1 : 0
      if (missing === GONE && !closed) onMissing?.()
      if (next === signature || next === null) return
      signature = next
      // the folder's number is part of the signature: watchers of a folder that was replaced are of no use
      for (const [folder, watcher] of watchers) {
        watcher.close()
        watchers.delete(folder)
      }
      wake()
    }).catch(() => {})
  }, poll)
  interval.unref()
  check().catch(() => {})

  return {
    check,
    close () {
      closed = true
      clearTimeout(timer)
      clearInterval(interval)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    }
  }
}

/** Changes when the content or the file behind the name may have changed; null where there is none. */
async function fileSignature (file: string): Promise<string | null> {
  try {
    const [own, folder] = await Promise.all([stat(file), stat(path.dirname(file))])
    return [own.dev, own.ino, own.size, own.mtimeMs, own.ctimeMs, folder.ino].join(' ')
  } catch {
    return null
  }
}

/** Folder to the names in it whose change means that the file may be another one. */
async function linkPlaces (file: string): Promise<Map<string, Set<string>>> {
  const places = new Map<string, Set<string>>()
  let rest = path.resolve(file).split(path.sep).filter(part => part !== '')
  let folder: string = path.parse(path.resolve(file)).root
  let links = 0
  while (rest.length > 0) {
    const [name, ...after] = rest as [string, ...string[]]
    const current = path.join(folder, name)
    const target = await linkTarget(current)
    if (target !== null || after.length === 0) {
      const names = places.get(folder)
      if (names === undefined) places.set(folder, new Set([name]))
      else names.add(name)
    }
    if (target === null || ++links > MAX_LINKS) {
      folder = current
      rest = after
      continue
    }
    const resolved = path.resolve(folder, target)
    folder = path.parse(resolved).root
    rest = [...resolved.split(path.sep).filter(part => part !== ''), ...after]
  }
  return places
}

async function linkTarget (name: string): Promise<string | null> {
  try {
    return (await lstat(name)).isSymbolicLink() ? await readlink(name) : null
  } catch {
    return null
  }
}
