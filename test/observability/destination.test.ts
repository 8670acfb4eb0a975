import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createDestination } from '../../src/observability/destination.ts'

/** Longer than a busy machine takes for anything here. */
const PATIENCE = 20_000

t.test('lines arrive in order, without being flushed by hand', async t => {
  const file = path.join(t.testdir(), 'access.log')
  const destination = createDestination(file)
  t.teardown(() => destination.close())
  for (let index = 0; index < 3; index++) destination.write(`${index}\n`)
  while (readSafely(file) !== '0\n1\n2\n') await wait(5)
  t.equal(destination.dropped, 0)
})

t.test('flush and close wait for what was written', async t => {
  const file = path.join(t.testdir(), 'access.log')
  const destination = createDestination(file)
  const line = `${'ä'.repeat(500)}\n`
  for (let index = 0; index < 1000; index++) destination.write(line)
  await destination.flush()
  t.equal(readFileSync(file, 'utf8'), line.repeat(1000))
  destination.write('last\n')
  await destination.close()
  t.match(readFileSync(file, 'utf8'), /last\n$/)
  destination.write('late\n')
  t.equal(destination.dropped, 1, 'what comes after the end is counted')
  await destination.close()
})

t.test('lines of any length and of both kinds stay in order', async t => {
  const file = path.join(t.testdir(), 'access.log')
  const destination = createDestination(file)
  let expected = ''
  for (const [index, length] of [10, 70_000, 65_535, 1, 30_000, 30_000, 65_536, 200_000, 300_000, 5, 64_000, 1_535].entries()) {
    const line = `${String(index % 10).repeat(length - 1)}\n`
    if (index % 3 === 0) destination.write(line)
    else destination.writeAscii(line)
    expected += line
  }
  await destination.flush()
  t.ok(readFileSync(file, 'utf8') === expected)
  await destination.close()
  destination.writeAscii('late\n')
  t.equal(destination.dropped, 1)
  t.ok(readFileSync(file, 'utf8') === expected)
})

t.test('a reader that does not read costs bounded memory, and what it missed is counted', async t => {
  const { writer, reader } = fifo(t)
  const destination = createDestination(writer, 1024 * 1024)
  const line = `${'x'.repeat(1023)}\n`
  for (let index = 0; index < 10_000; index++) {
    destination.write(line)
    if (index % 64 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  const start = Date.now()
  await destination.flush(50)
  t.ok(Date.now() - start < PATIENCE / 2, 'flush gives up')
  t.equal(destination.stuck, true)
  t.ok(destination.dropped > 8000, `${destination.dropped} lines dropped`)
  const { dropped } = destination
  // the reader wakes up: whole lines come out, and none is counted twice
  let received = 0
  const buffer = Buffer.alloc(1 << 20)
  const end = Date.now() + PATIENCE
  while (received < (10_000 - dropped) * 1024 && Date.now() < end) {
    try {
      received += readSync(reader, buffer)
    } catch {
      await wait(5)
    }
  }
  t.equal(received, (10_000 - dropped) * 1024)
  await destination.close()
  t.equal(destination.dropped, dropped)
})

t.test('a disk that was full until nothing more could wait is written to when it has room again', async t => {
  const { write } = fs
  const restore = (): void => {
    Object.assign(fs, { write })
    syncBuiltinESMExports()
  }
  t.teardown(restore)
  Object.assign(fs, { write: (...args: unknown[]) => setImmediate(args.at(-1) as (error: Error) => void, Object.assign(new Error('no space'), { code: 'ENOSPC' })) })
  syncBuiltinESMExports()
  const file = path.join(t.testdir(), 'access.log')
  const destination = createDestination(file, 1000)
  for (let index = 0; index < 5; index++) {
    destination.write(`${'x'.repeat(299)}\n`)
    await destination.flush(1)
  }
  t.equal(destination.dropped, 2)
  restore()
  await destination.flush(PATIENCE)
  t.equal(readFileSync(file, 'utf8').length, 900)
  await destination.close()
})

t.test('a reader that went away does not end the process', async t => {
  const module = path.resolve(import.meta.dirname, '../../src/observability/destination.js')
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    import { createDestination } from ${JSON.stringify(module)}
    const destination = createDestination(1)
    const timer = setInterval(() => {
      destination.write('line\\n')
      if (destination.dropped < 10) return
      clearInterval(timer)
      console.error('alive')
    }, 5)
  `], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.once('data', () => child.stdout.destroy())
  let errors = ''
  child.stderr.on('data', chunk => { errors += String(chunk) })
  const [code] = await once(child, 'close') as [number]
  t.equal(code, 0)
  t.equal(errors, 'alive\n')
})

function readSafely (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** A pipe of the kernel whose other end nobody reads until told. */
function fifo (t: Test): { writer: number, reader: number } {
  const name = path.join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [name])
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(name, constants.O_WRONLY)
  t.teardown(() => closeSync(reader))
  return { writer, reader }
}
