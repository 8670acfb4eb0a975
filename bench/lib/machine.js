/** What the figures were taken on. */
import os from 'node:os'
import { readFileSync } from 'node:fs'

export function describeMachine () {
  const flags = readFileSync('/proc/cpuinfo', 'latin1')
  return {
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    virtual: /^flags.*\bhypervisor\b/m.test(flags),
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    kernel: os.release().replace(/-.*/, ''),
    node: process.version
  }
}
