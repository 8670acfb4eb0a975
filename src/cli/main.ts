#!/usr/bin/env node
// Whoever sends these to a gateway that is just starting means no end, and no debugger on a port, which is what Node makes of them: from the
// first moment on, hence the imports below, which take a second on a busy machine.
if (process.argv[2] === 'start') for (const signal of ['SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})

const { createPainter } = await import('./paint.ts')
const { run } = await import('./program.ts')
const { stdin, stdout, stderr, env } = process

// `sallyport … | head`: the reader has seen enough.
stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  process.exit()
})

// The exit code is set, not forced: what was written to a pipe must leave first.
process.exitCode = await run(process.argv.slice(2), {
  stdin,
  stdout: { write: text => { stdout.write(text) }, isTerminal: stdout.isTTY, paint: createPainter(stdout.isTTY, env) },
  stderr: { write: text => { stderr.write(text) }, isTerminal: stderr.isTTY, paint: createPainter(stderr.isTTY, env) },
  env,
  cwd: process.cwd(),
  signals: process
})
