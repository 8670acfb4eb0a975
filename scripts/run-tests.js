/**
 * Runs the programs of dist/test-groups with this Node alone, prints their TAP (into TAP_OUTPUT_FILE where that is set) and
 * its sum. `tap run` does more, coverage above all; for that it follows each module of each process, which takes a
 * process as long as all else before its first test. Where nobody asks for coverage, that is saved.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** .taprc has three. */
const jobs = Math.max(3, availableParallelism())
/** A guard against hanging, no measure of anything. */
const patience = 300_000

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const groups = join(root, 'dist/test-groups')
const { TAP_OUTPUT_FILE: output, ...env } = { ...process.env, TAP_TIMEOUT: String(patience / 1000) }
const write = text => { output === undefined ? process.stdout.write(text) : appendFileSync(output, text) }

const waiting = readdirSync(groups).filter(file => file.endsWith('.js')).sort()
const sums = {}
const failed = []
await Promise.all(Array.from({ length: jobs }, async () => {
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await run(file)
}))
for (const failure of failed) write(`not ok - ${failure}\n`)
sums.fail = (sums.fail ?? 0) + failed.length
write(`# { ${Object.entries(sums).map(([name, count]) => `${name}: ${count}`).join(', ')} }\n`)
if (sums.fail > 0) process.exitCode = 1

/** Runs one program, in a group of its own, so that what it started ends with it. */
async function run (file) {
  const child = spawn(process.execPath, [join(groups, file)], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const parts = []
  child.stdout.on('data', part => parts.push(part))
  const timer = setTimeout(() => {
    failed.push(`${file} took longer than ${patience / 1000} s`)
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // only something that it started still holds its output
      child.stdout.destroy()
    }
  }, patience)
  const [code, signal] = await new Promise(resolve => child.once('close', (...end) => resolve(end)))
  clearTimeout(timer)
  const text = Buffer.concat(parts).toString()
  // the sum is the last line but one: `# { total: 9, pass: 7, fail: 1, skip: 1 }`
  const sum = text.trimEnd().split('\n').slice(-3).findLast(line => /^# \{ total: /.test(line))
  const counts = [...sum?.matchAll(/(\w+): (\d+)/g) ?? []].map(([, name, count]) => [name, Number(count)])
  for (const [name, count] of counts) sums[name] = (sums[name] ?? 0) + count
  write(`# ${file}\n${text}`)
  // a program that fails without a failed test, or never said what it counted, has ended before its end
  const told = counts.some(([name, count]) => name === 'fail' && count > 0)
  if (sum === undefined || (code !== 0 && !told)) failed.push(`${file} ended with ${signal ?? code}`)
}
