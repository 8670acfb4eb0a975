import type { RunnableFile } from '../../gateway/control/reload.ts'
import { EntityViews } from './entities.ts'

/** The views of a file, made once: chains of ten thousand routes take their time. */
export type ViewsOf = (file: RunnableFile) => EntityViews

export function createViews (): ViewsOf {
  const known = new WeakMap<RunnableFile, EntityViews>()
  return file => {
    let views = known.get(file)
    if (views === undefined) {
      views = new EntityViews(file)
      known.set(file, views)
    }
    return views
  }
}
