/** Self time from a V8 CPU profile, for the part of it that ran under load. */

/** Where a function belongs, by the file that it stands in; the first rule that fits. */
const GROUPS = [
  ['node http', /^node:(_http|internal\/http|http|_stream|internal\/streams|stream|internal\/js_stream)/],
  ['node net', /^node:(net|internal\/(stream_base_commons|net|tty))/],
  ['node timers and events', /^node:(events|timers|internal\/(timers|process\/task_queues|async_hooks|util|event_target|abort_controller))/],
  ['node buffer', /^node:(buffer|internal\/buffer|string_decoder)/],
  ['node, other', /^node:/],
  ['undici', /\/node_modules\/undici\//],
  ['fastify', /\/node_modules\/(fastify|find-my-way|@fastify|light-my-request|avvio|secure-json-parse|fast-querystring|abstract-logging|rfdc|toad-cache)\//],
  ['pino', /\/node_modules\/(pino|sonic-boom|thread-stream|quick-format-unescaped|safe-stable-stringify|@pinojs)[^/]*\//],
  ['other packages', /\/node_modules\//],
  ['sallyport plugins', /\/dist\/plugins\//],
  ['sallyport', /\/dist\/src\//]
]

const NATIVE = new Map([
  ['(garbage collector)', 'garbage collector'],
  ['(program)', 'native code and system calls'],
  ['(idle)', null],
  ['(root)', null]
])

function groupOf ({ functionName, url }) {
  if (NATIVE.has(functionName)) return NATIVE.get(functionName)
  // functions without a file are built into the engine or bindings of Node: writev, the HTTP parser, Map, RegExp
  if (url === '') return 'native code and system calls'
  return GROUPS.find(([, pattern]) => pattern.test(url))?.[0] ?? 'other'
}

/** A place short enough for a table: the package or the file of ours, and the line. */
function placeOf ({ functionName, url, lineNumber }) {
  if (url === '') return functionName
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/')
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}

/**
 * @param {object} profile as `--cpu-prof` writes it
 * @param {{ from: number, to: number }} window microseconds of the monotonic clock, which the profile uses too
 * @returns microseconds by group and by function, and the whole, idle time left out
 */
export function selfTime (profile, { from, to }) {
  const frames = new Map(profile.nodes.map(node => [node.id, node.callFrame]))
  const groups = new Map()
  const functions = new Map()
  let total = 0
  let now = profile.startTime
  for (let index = 0; index < profile.samples.length; index++) {
    now += profile.timeDeltas[index]
    if (now < from || now > to) continue
    const frame = frames.get(profile.samples[index])
    const group = groupOf(frame)
    if (group === null) continue
    // a sample stands for the time until the next one
    const time = Math.max(0, profile.timeDeltas[index + 1] ?? 0)
    const place = placeOf(frame)
    total += time
    groups.set(group, (groups.get(group) ?? 0) + time)
    const known = functions.get(place) ?? { place, group, time: 0 }
    known.time += time
    functions.set(place, known)
  }
  return { total, groups, functions: [...functions.values()].sort((a, b) => b.time - a.time) }
}
