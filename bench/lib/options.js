import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import { BASELINE, participantFrom, participantsNamed } from './participants.js'

export const USAGE = `Usage: npm run bench -- [options]

  --only A,B          participants (default: all)
  --with FILE         one more participant, from a file like those of bench/peers/ (may be repeated)
  --cases A,B         of get, get16k, post (default: all)
  --base NAME         participant that the others are compared with (default: ${BASELINE})
  --rounds N          rounds; in each everybody starts anew (default: 2)
  --turns N           turns in a round; in each everybody gets the load once with each case (default: 3)
  --seconds N         timed seconds of each case in a turn, a whole number (default: 1)
  --warm-up N         seconds of load with each case before those that are timed (default: 2)
  --connections N     client connections (default: 50)
  --proxy-core N      core of the participant under load (default: the last)
  --load-core N       core of load generator and upstream (default: the first)
  --nice N            scheduling priority of everything measured; below 0 (root) keeps other work on the machine out
  --markdown          print the tables as Markdown
  --check             exit 1 where Sallyport misses a limit
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
      base: { type: 'string', default: BASELINE },
      rounds: { type: 'string', default: '2' },
      turns: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
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
  const [base] = participantsNamed([values.base])
  return {
    base,
    participants: [...participantsNamed(listOf(values.only)), ...await Promise.all(values.with.map(participantFrom))].filter(peer => peer !== base),
    cases: casesNamed(listOf(values.cases)),
    rounds: whole('rounds', 1),
    turns: whole('turns', 1),
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
