import { write as writeTo } from 'node:fs'
import { constants, type FileHandle, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { promisify } from 'node:util'

export interface LogFileSettings {
  /** Bytes after which the file is put aside; 0: never. */
  readonly maxSize: number
  /** Files that were put aside and are kept: `name.1` is the youngest. */
  readonly maxFiles: number
}

/** Milliseconds between two looks whether somebody else has moved the file, and between two tries to put it aside. */
const LOOK = 1_000
/** A lock that is older was left behind. */
const STALE = 10_000
/** The process's own, by descriptor: where they are sockets (workers, systemd) they have no name that could be opened. */
const STANDARD: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/proc/self/fd/1': 1, '/dev/stderr': 2, '/proc/self/fd/2': 2 }
const NEWLINE = 10

const writeFd = promisify(writeTo)

/**
 * A file that is appended to, which may be moved by others or by itself. Several processes may write to the same one: whoever finds it
 * too long puts it aside, under a lock; the others notice that it has moved. Symbolic links are followed.
 */
export class AppendFile {
  readonly #path: string
  readonly #mode: number
  readonly #standard: number | undefined
  #handle: FileHandle | null = null
  #inode = 0
  /** Pipes and terminals are not moved, and have no length. */
  #regular = false
  #looked = 0
  #stuck = 0

  /** @param mode of a file that is made */
  constructor (path: string, mode: number) {
    this.#path = path
    this.#mode = mode
    this.#standard = STANDARD[path]
  }

  /**
   * Opens it anew.
   *
   * @returns whether half a line stands at its end, of a process that was killed or a disk that was full
   * @throws the system's error
   */
  async open (): Promise<boolean> {
    await this.close()
    if (this.#standard !== undefined) return false
    // one that nobody reads is an error, not a thread that waits
    const handle = await open(this.#path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0), this.#mode)
    this.#handle = handle
    const found = await handle.stat()
    this.#inode = found.ino
    this.#regular = found.isFile()
    return this.#regular && found.size > 0 && await lastByte(this.#path, found.size) !== NEWLINE
  }

  /** @returns bytes that were written, all or the first of them @throws the system's error */
  async write (bytes: Buffer, from: number): Promise<number> {
    const length = bytes.length - from
    const { bytesWritten } = this.#standard === undefined
      ? await (this.#handle as FileHandle).write(bytes, from, length)
      : await writeFd(this.#standard, bytes, from, length, null)
    return bytesWritten
  }

  async close (): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close().catch(() => {})
  }

  /**
   * Whether it has to be opened: it was not yet, was moved by others, or was put aside here.
   *
   * @param unable told why it can't be put aside: it grows on
   */
  async moved ({ maxSize, maxFiles }: LogFileSettings, unable: (error: unknown) => void): Promise<boolean> {
    if (this.#standard !== undefined) return false
    if (this.#handle === null) return true
    if (!this.#regular) return false
    const now = Date.now()
    if (now - this.#looked < LOOK && maxSize === 0) return false
    this.#looked = now
    const found = await stat(this.#path).catch(() => null)
    if (found === null || found.ino !== this.#inode) return true
    if (maxSize === 0 || found.size < maxSize || now - this.#stuck < LOOK) return false
    try {
      return await this.#rotate(maxFiles)
    } catch (error) {
      this.#stuck = now
      unable(error)
      return false
    }
  }

  /** Puts it aside, unless another process is at it. @throws the system's error */
  async #rotate (maxFiles: number): Promise<boolean> {
    // a link stays where it is
    const path = await realpath(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return null
    })
    // another one was faster
    if (path === null) return true
    const lock = `${path}.lock`
    const held = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      return null
    })
    if (held === null) {
      // another process is at it, or died over it
      const age = await stat(lock).then(({ mtimeMs }) => Date.now() - mtimeMs, () => 0)
      if (age > STALE) await rm(lock, { force: true })
      return false
    }
    try {
      const found = await stat(path).catch(() => null)
      if (found !== null && found.ino === this.#inode) await putAside(path, maxFiles)
    } finally {
      await held.close()
      await rm(lock, { force: true })
    }
    return true
  }
}

/** @throws the system's error: nothing is overwritten by what could not be moved */
async function putAside (path: string, maxFiles: number): Promise<void> {
  if (maxFiles === 0) {
    await rm(path)
    return
  }
  const there = new Set(await readdir(dirname(path)))
  let last = 0
  while (last < maxFiles - 1 && there.has(`${basename(path)}.${last + 1}`)) last++
  for (let number = last; number >= 1; number--) await rename(`${path}.${number}`, `${path}.${number + 1}`)
  await rename(path, `${path}.1`)
}

/** A file that can be written to and not read is taken for whole. */
async function lastByte (path: string, size: number): Promise<number> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return NEWLINE
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return bytesRead === 1 ? buffer.readUInt8() : NEWLINE
  } finally {
    await handle.close()
  }
}
