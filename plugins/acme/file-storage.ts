import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from './storage.ts'

/** A folder that only the gateway can read: it holds private keys. */
export async function openFileStorage (folder: string): Promise<Storage> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const pathOf = (key: string): string => join(folder, encodeURIComponent(key))

  async function get (key: string): Promise<string | null> {
    try {
      return await readFile(pathOf(key), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /** Whether it was there to be made. */
  async function claim (path: string, content: string): Promise<boolean> {
    try {
      const handle = await open(path, 'wx', 0o600)
      try {
        await handle.writeFile(content)
      } catch (error) {
        // a full disk: an empty lock would be everybody's for ever
        await rm(path, { force: true })
        throw error
      } finally {
        await handle.close()
      }
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  return {
    get,
    async set (key, value) {
      // whoever reads finds the old one or the new one, whole
      const part = `${pathOf(key)}.${randomUUID()}`
      await writeFile(part, value, { mode: 0o600 })
      await rename(part, pathOf(key))
    },
    async delete (key) {
      await rm(pathOf(key), { force: true })
    },
    async lock (key, ttl) {
      const path = pathOf(key)
      const content = JSON.stringify({ owner: randomUUID(), until: Date.now() + ttl })
      if (!await claim(path, content)) {
        if (await endOf(path, await get(key), ttl) > Date.now()) return null
        // of several that find it lapsed, one can move it away
        const stale = `${path}.${randomUUID()}`
        try {
          await rename(path, stale)
        } catch {
          return null
        }
        await rm(stale, { force: true })
        if (!await claim(path, content)) return null
      }
      return async () => {
        if (await get(key) === content) await rm(path, { force: true })
      }
    },
    close () {}
  }
}

/** When a lock lapses. One without (whole) content was made in this moment, or by a process that died over it. */
async function endOf (path: string, content: string | null, ttl: number): Promise<number> {
  try {
    const { until } = JSON.parse(content ?? '') as { until: number }
    return until
  } catch {
    // one that is gone by now is free at the next look
    return await stat(path).then(({ mtimeMs }) => mtimeMs + ttl, () => Infinity)
  }
}
