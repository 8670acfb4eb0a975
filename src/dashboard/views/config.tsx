import type { JSX } from 'preact'
import type { List, SnapshotView, SourceView } from '../../admin/api/types.ts'
import { withQuery } from '../lib/api.ts'
import { plural } from '../lib/format.ts'
import { narrow, usePlace } from '../lib/location.ts'
import { OFTEN } from '../lib/paths.ts'
import { useResource } from '../lib/resource.ts'
import { Compare } from '../parts/compare.tsx'
import { History } from '../parts/history.tsx'
import { ReloadBox } from '../parts/reload-box.tsx'
import { Failure, Loaded } from '../parts/states.tsx'
import { Findings, Source } from '../parts/source.tsx'

export function Config (): JSX.Element {
  const { query } = usePlace()
  const snapshots = useResource<List<SnapshotView>>('/snapshots', OFTEN)
  const refused = snapshots.data?.data[0]?.state === 'refused' ? snapshots.data.data[0] : null
  const number = Number(query['line'])
  const line = Number.isInteger(number) && number > 0 ? number : null
  const file = <File key='file' snapshot={query['snapshot']} line={line} />
  const history = (
    <section key='history'>
      <h2>History</h2>
      <Loaded of={snapshots} what='the history'>{({ data }) => (
        <>
          <History snapshots={data} />
          <Compare snapshots={data} />
        </>
      )}
      </Loaded>
    </section>
  )
  return (
    <>
      <h1 tabIndex={-1}>Config</h1>
      {refused === null ? null : <Refused snapshot={refused} />}
      <ReloadBox />
      {/* who comes for a line wants to see it */}
      {line === null ? [history, file] : [file, history]}
    </>
  )
}

function File ({ snapshot, line }: { readonly snapshot: string | undefined, readonly line: number | null }): JSX.Element {
  const source = useResource<SourceView>(withQuery('/config/source', { snapshot }))
  return (
    <section>
      <Loaded of={source} what='the file'>{data => (
        <>
          <div class='row between'>
            <h2>{snapshot === undefined ? 'What runs' : `Snapshot ${data.snapshot}`}: <span class='mono'>{data.file}</span></h2>
            <p class='faint'>{plural(data.text.split('\n').length - 1, 'line')}, secrets cut{snapshot === undefined ? null : <> <button type='button' class='link' onClick={() => { narrow({ snapshot: undefined, line: undefined }) }}>Show what runs</button></>}</p>
          </div>
          <Source source={data} line={line} />
        </>
      )}
      </Loaded>
    </section>
  )
}

/** The last thing that was tried does not run. */
function Refused ({ snapshot }: { readonly snapshot: SnapshotView }): JSX.Element {
  return (
    <section aria-label='The file was refused'>
      <Failure message={`The file as it is now was refused: ${snapshot.error ?? 'it could not be taken over'}. What ran before goes on.`} />
      <Findings findings={snapshot.diagnostics} total={snapshot.errors + snapshot.warnings} />
    </section>
  )
}
