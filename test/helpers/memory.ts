import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// what is held, not what has not been collected yet: when that happens differs from version to version
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are held: the least of a few readings, since what was collected is given back on other threads, and later. */
export async function held (): Promise<number> {
  let least = Infinity
  for (let reading = 0; reading < 4; reading++) {
    collect()
    await new Promise(resolve => { setTimeout(resolve, 5) })
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
  }
  return least
}
