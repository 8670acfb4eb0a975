/** The thread that checks a file for `check-apart.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from '../../config/load.ts'
import type { CheckThreadAnswer, CheckThreadData } from './check-apart.ts'
import { fixedChanges } from './reload.ts'

const { file, env = {}, overrides = {}, shown, running } = workerData as CheckThreadData

function answer (it: CheckThreadAnswer): void {
  parentPort?.postMessage(it)
}

try {
  const result = await loadConfig({ file, env, overrides })
  const diagnostics = result.diagnostics.map(diagnostic => ({ ...diagnostic, file: shown }))
  answer({ checked: { diagnostics: [...diagnostics, ...fixedChanges(running, result)], text: result.source.text } })
} catch (error) {
  answer({ failed: (error as Error).message })
}
