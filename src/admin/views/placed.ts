import type { RunnableFile } from '../../gateway/control/reload.ts'

/**
 * An explanation with the places of a file: who explains requests that are debugged has its configuration alone, which in a
 * worker is all there is.
 *
 * @param lines false: the file has changed since, and lines would point to something else
 */
export function placed (value: unknown, { source }: Pick<RunnableFile, 'source'>, lines: boolean): unknown {
  if (Array.isArray(value)) return value.map(item => placed(item, { source }, lines))
  if (typeof value !== 'object' || value === null) return value
  const filled = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, placed(item, { source }, lines)]))
  const { pointer, path, line } = filled
  if (typeof pointer !== 'string' || path !== null || line !== null || !source.has(pointer)) return filled
  return { ...filled, path: source.describe(pointer), line: lines ? source.locate(pointer).line : null }
}
