/** CPU time and memory of a process and everything under it, from /proc. */
import { readFileSync, readdirSync } from 'node:fs'
import { spawnSync } from 'node:child_process'

const ticks = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100
const microsecondsPerTick = 1e6 / ticks

/** Fields after the command's name, which may itself hold blanks and brackets. */
function statOf (pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** A process and its living descendants. */
export function treeOf (root) {
  const parents = new Map()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      parents.set(Number(entry), Number(statOf(entry)[1]))
    } catch {
      // it ended while we looked
    }
  }
  const tree = [root]
  for (let index = 0; index < tree.length; index++) {
    for (const [pid, parent] of parents) if (parent === tree[index]) tree.push(pid)
  }
  return tree
}

/** User and system microseconds so far; the kernel counts them per process in ticks of 10 ms, threads included. */
export function cpuOf (tree) {
  let user = 0
  let system = 0
  for (const pid of tree) {
    const stat = statOf(pid)
    user += Number(stat[11]) * microsecondsPerTick
    system += Number(stat[12]) * microsecondsPerTick
  }
  return { user, system }
}

/** Resident bytes. */
export function memoryOf (tree) {
  let bytes = 0
  for (const pid of tree) {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    if (match !== null) bytes += Number(match[1]) * 1024
  }
  return bytes
}

/** Microseconds that one core was busy so far, with whatever, time stolen by the hypervisor included. */
export function busyOf (core) {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'latin1'))
  if (line === null) return 0
  const [user, nice, system, , , irq, softirq, steal] = line[1].split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * microsecondsPerTick
}
