import type { ErrorObject } from 'ajv'
import { content, member } from '../yaml/nodes.ts'
import type { YamlNode } from '../yaml/nodes.ts'
import type { Pointer } from '../model.ts'
import { join } from '../pointer.ts'
import type { Report } from '../report.ts'
import type { Source } from '../source.ts'
import { missing } from './messages.ts'
import type { Message } from './messages.ts'

/** What to say when `_format_version` is wrong; undefined for other errors, and where nothing special is to be said. */
export function formatVersion (error: ErrorObject, source: Source, report: Report): Message | undefined {
  if (error.keyword === 'required' && error.params['missingProperty'] === '_format_version') {
    return { ...missing('_format_version'), mend: 'Add `_format_version: "3.0"`.' }
  }
  if (error.instancePath !== '/_format_version') return undefined
  if (typeof error.data === 'number') return { rule: 'wrong-type', cause: 'expected a string', mend: 'Put quotes around it: _format_version: "3.0".' }
  if (error.data !== '1.1' && error.data !== '2.1') return undefined
  reportOldRegexes(source.root ?? undefined, '', source, report)
  return {
    rule: 'format-version',
    cause: `files of format ${error.data} are not read: their paths follow other rules`,
    mend: 'Write "3.0", and ~ in front of each path that is a regex.'
  }
}

/** In the old formats a path with any other character than these was a regex, without saying so. */
const OLD_LITERAL = /^[A-Za-z0-9.\-_~/%]*$/

function reportOldRegexes (holder: YamlNode | undefined, pointer: Pointer, source: Source, report: Report): void {
  for (const key of ['services', 'routes']) {
    items(member(holder, key)).forEach((item, index) => {
      const at = join(join(pointer, key), index)
      items(member(item, 'paths')).forEach((path, position) => {
        const scalar = content(path)
        if (scalar.kind !== 'scalar' || typeof scalar.value !== 'string' || scalar.value.startsWith('~') || OLD_LITERAL.test(scalar.value)) return
        report.at(source, `${at}/paths/${position}`, { rule: 'format-version', cause: 'in this format the path is a regex', mend: 'Write ~ in front of it.' })
      })
      reportOldRegexes(item, at, source, report)
    })
  }
}

function items (list: YamlNode | undefined): readonly YamlNode[] {
  const sequence = list === undefined ? undefined : content(list)
  return sequence?.kind === 'sequence' ? sequence.items : []
}
