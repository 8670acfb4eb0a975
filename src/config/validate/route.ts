import { isIP } from 'node:net'
import { compileHeaderRegex } from '../../router/path-regex.ts'
import type { EntityContext, Fields } from './context.ts'
import { hostProblem } from './host.ts'
import { checkRoutePath } from './path.ts'
import { checkRegex } from './regex.ts'

/** RFC 9110's token: what a header may be called. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/

/** What a schema can't say about a route, with Kong's texts. */
export function checkRoute (fields: Fields, context: EntityContext): void {
  for (const [index, path] of texts(fields['paths'])) checkRoutePath(path, ['paths', index], context)
  for (const [index, host] of texts(fields['hosts'])) {
    const problem = hostProblem(host, { port: true, wildcard: true })
    if (problem !== undefined) context.at(['hosts', index], { rule: 'bad-host', ...problem })
  }
  for (const [index, sni] of texts(fields['snis'])) {
    // a dot at the end is ignored, as Kong has it
    const problem = hostProblem(sni.replace(/(?<=.)\.$/, ''), { port: false, wildcard: true }) ?? addressProblem(sni)
    if (problem !== undefined) context.at(['snis', index], { rule: 'bad-host', ...problem })
  }
  checkHeaders(fields['headers'], context)
  checkCriteria(fields, context)
}

/** RFC 6066 section 3: an address is no server name, and no client sends one. */
function addressProblem (sni: string): { cause: string, mend: string } | undefined {
  return isIP(sni) === 0 && !sni.startsWith('[') ? undefined : { cause: 'clients send no server name for an IP address', mend: 'Write a host name, or remove it.' }
}

function checkHeaders (headers: unknown, context: EntityContext): void {
  if (typeof headers !== 'object' || headers === null) return
  const seen = new Set<string>()
  for (const [name, values] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    const say = (cause: string, mend: string): void => context.at(['headers', name], { rule: 'bad-header', cause, mend }, 'key')
    if (lower === 'host') say('cannot contain \'host\' header, which must be specified in the \'hosts\' attribute', 'Move its values to `hosts`.')
    else if (!TOKEN.test(name)) say(`'${name}' is no header name`, 'Use letters, digits and -.')
    else if (seen.has(lower)) say(`'${name}' stands here for the second time: case makes no difference`, 'Put all values into one list.')
    seen.add(lower)
    for (const [index, value] of texts(values)) {
      if (value.startsWith('~*')) checkRegex(value, '~*', compileHeaderRegex(value.slice(2)), ['headers', name, index], context)
    }
  }
}

/** At least one thing to match. */
function checkCriteria (fields: Fields, context: EntityContext): void {
  const protocols = fields['protocols']
  // what is no known protocol was reported; the rest follows from it
  if (!Array.isArray(protocols) || protocols.length === 0 || !protocols.every(item => item === 'http' || item === 'https')) return
  const https = protocols.includes('https')
  if (!https && isSet(fields['snis'])) {
    context.at(['snis'], { rule: 'field-conflict', cause: '\'snis\' can only be set when \'protocols\' is \'grpcs\', \'https\', \'tls\' or \'tls_passthrough\'', mend: 'Add https to `protocols`, or remove `snis`.' }, 'key')
  }
  const criteria = ['methods', 'hosts', 'headers', 'paths', ...https ? ['snis'] : []]
  // looking for a field in the file is what costs: only where there is none
  if (criteria.some(key => isSet(fields[key])) || criteria.some(key => context.isBroken([key]))) return
  context.at([], {
    rule: 'required',
    cause: `must set one of ${criteria.map(key => `'${key}'`).join(', ')} when 'protocols' is '${https ? 'https' : 'http'}'`,
    mend: 'Add what requests the route is for, such as `paths: [/]` for all of them.'
  })
}

function isSet (value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== undefined
}

function texts (value: unknown): Array<[number, string]> {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown, index): Array<[number, string]> => typeof item === 'string' && item !== '' ? [[index, item]] : [])
}
