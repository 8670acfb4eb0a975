/** Processes that the benchmark starts: pinned to a core, and stopped with it whatever happens. */
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delay } from './time.js'

const running = new Set()

/** Whether a program can be found on the path. */
export function has (program) {
  return spawnSync('which', [program], { stdio: 'ignore' }).status === 0
}

/** First line of what a program says about its version. */
export function versionLine (program, args) {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return `${stdout}${stderr}`.trim().split('\n')[0]
}

const canPin = has('taskset')
// the kernel then ends a child whose parent was killed hard and could not do it
const canTie = has('setpriv')

/**
 * Starts a process on one core, at the head of a process group of its own.
 *
 * @param {{ command: string, args: string[], env?: Record<string, string> }} program
 * @param {{ core: number | null, stdio?: import('node:child_process').StdioOptions, nice?: number }} options `nice`: its
 *   priority against everything else on the machine; below 0 takes root
 */
export function start (program, { core, stdio = ['ignore', 'ignore', 'pipe'], nice = 0 }) {
  let command = [program.command, ...program.args]
  if (core !== null && canPin) command = ['taskset', '-c', String(core), ...command]
  if (nice !== 0) command = ['nice', '-n', String(nice), ...command]
  if (canTie) command = ['setpriv', '--pdeathsig', 'TERM', ...command]
  const child = spawn(command[0], command.slice(1), {
    stdio,
    detached: true,
    env: { ...process.env, NODE_ENV: 'production', ...program.env }
  })
  running.add(child)
  if (nice !== 0) prefer(child, nice)
  child.said = ''
  child.stderr?.on('data', text => { child.said = (child.said + text).slice(-2000) })
  child.ended = new Promise(resolve => {
    child.once('error', error => { child.said += error.message; running.delete(child); resolve() })
    child.once('exit', () => { running.delete(child); resolve() })
  })
  return child
}

/** Where the kernel shares a core out among sessions first, `nice` alone says nothing to other sessions. */
function prefer (child, nice) {
  try {
    writeFileSync(`/proc/${child.pid}/autogroup`, String(nice))
  } catch {
    // no such kernel feature, or not root
  }
}

function signalGroup (child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // it ended in between
  }
}

export function isRunning (child) {
  return running.has(child)
}

/** Asks a process to end, and insists after three seconds. */
export async function stop (child) {
  if (!running.has(child)) return
  signalGroup(child, 'SIGTERM')
  await Promise.race([child.ended, delay(3000)])
  if (running.has(child)) signalGroup(child, 'SIGKILL')
  await child.ended
}

export async function stopAll () {
  await Promise.all([...running].map(child => stop(child)))
}

/** Ctrl-C, a closed terminal and an error that nobody caught end the children too. */
export function stopWithUs (cleanUp = () => {}) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      await stopAll()
      cleanUp()
      process.exit(128 + constants.signals[signal])
    })
  }
  process.on('exit', () => {
    for (const child of running) signalGroup(child, 'SIGKILL')
    cleanUp()
  })
}
