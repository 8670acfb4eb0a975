import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import { participantFrom, participantsNamed } from './participants.js'

export const USAGE = `Usage: npm run bench -- [options]

  --only A,B          participants (default: all)
  --with FILE         one more participant, from a file like those of bench/peers/ (may be repeated)
  --cases A,B         of get, get16k, post (default: all)
  --rounds N          rounds of each participant, which starts anew for each (default: 5)
  --seconds N         timed seconds of each case in a round, a whole number (default: 2)
  --warm-up N         seconds of load with each case before those that are timed (default: 2)
  --connections N     client connections (default: 50)
  --proxy-core N      core of the participant under load (default: the last)
  --load-core N       core of load generator and upstream (default: the first)
  --nice N            scheduling priority of everything measured; below 0 (root) keeps other work on the machine out
  --markdown          print the tables as Markdown
  --check             exit 1 where Sallyport misses a required ratio
  --no-install        do not install the peers of bench/ when they are missing
  --help
`

/** Options of the command line; throws an error to print where they can't be used. */
export async function readOptions (args, cores) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      with: { type: 'string', multiple: true, default: [] },
      cases: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      'warm-up': { type: 'string', default: '2' },
      connections: { type: 'string', default: '50' },
      'proxy-core': { type: 'string', default: String(cores - 1) },
      'load-core': { type: 'string', default: '0' },
      nice: { type: 'string', default: '0' },
      markdown: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      'no-install': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const whole = (name, least) => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} takes a whole number from ${least}, not "${values[name]}"`)
    return value
  }
  return {
    participants: [...participantsNamed(listOf(values.only)), ...await Promise.all(values.with.map(participantFrom))],
    cases: casesNamed(listOf(values.cases)),
    rounds: whole('rounds', 1),
    seconds: whole('seconds', 1),
    warmUp: whole('warm-up', 1),
    connections: whole('connections', 1),
    proxyCore: whole('proxy-core', 0),
    loadCore: whole('load-core', 0),
    nice: whole('nice', -20),
    markdown: values.markdown,
    check: values.check,
    install: !values['no-install'],
    help: values.help
  }
}

function listOf (text) {
  return text === undefined ? null : text.split(',').map(name => name.trim())
}

function casesNamed (names) {
  if (names === null) return CASES
  for (const name of names) {
    if (!CASES.some(one => one.name === name)) throw new Error(`no case "${name}": there are ${CASES.map(one => one.name).join(', ')}`)
  }
  return CASES.filter(one => names.includes(one.name))
}
