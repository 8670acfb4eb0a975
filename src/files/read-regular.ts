/** Reads files that options name: a pipe would be waited for, and a device has no end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'

/** Larger ones are something else. */
const LARGEST = 64 * 1024 * 1024

// nobody waits for whoever would write into a pipe; on systems without it there are none
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * The content of a file.
 *
 * @param largest bytes
 * @throws the system's error; with `EFBIG` for a larger one, and a code in words for what is no file
 */
export async function readRegular (path: string, largest = LARGEST): Promise<Buffer> {
  const handle = await open(path, FLAGS)
  try {
    judge(path, await handle.stat(), largest)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** The same, at once. */
export function readRegularSync (path: string, largest = LARGEST): Buffer {
  const descriptor = openSync(path, FLAGS)
  try {
    judge(path, fstatSync(descriptor), largest)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function judge (path: string, stats: Stats, largest: number): void {
  if (stats.isDirectory()) throw unreadable(path, 'EISDIR')
  if (!stats.isFile()) throw unreadable(path, 'no regular file')
  if (stats.size > largest) throw unreadable(path, 'EFBIG')
}

function unreadable (path: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${path}: ${code}`), { code })
}
