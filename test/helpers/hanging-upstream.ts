import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Answers everything with `ok`, and tells its port. */
const SERVER = 'const s=require("http").createServer((q,r)=>q.resume().on("end",()=>r.end("ok"))).listen({port:0,host:"127.0.0.1",backlog:1},()=>process.send(s.address().port))'

/** A process that listens and is stopped, its backlog full: the next connection hangs. `release` lets it work. */
export async function hangingUpstream (t: Test): Promise<{ port: number, release (): void }> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const port = await new Promise<number>(resolve => { child.once('message', resolve as (port: unknown) => void) })
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  const release = (): void => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGCONT')
  }
  t.teardown(() => {
    release()
    child.kill('SIGKILL')
  })
  // until one is not answered any more
  for (;;) {
    const filler = connect({ port, host: '127.0.0.1' })
    filler.on('error', () => {})
    fillers.push(filler)
    const connected = await new Promise(resolve => {
      filler.once('connect', () => resolve(true))
      // a busy process looks at its sockets once more before it gives up
      setTimeout(() => setImmediate(() => resolve(false)), 300)
    })
    if (connected !== true) return { port, release }
  }
}
