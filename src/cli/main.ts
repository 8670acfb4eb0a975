#!/usr/bin/env node
import { createPainter } from './paint.ts'
import { run } from './program.ts'

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
