/**
 * The few Lua expressions that log fields are mostly made of: `return ngx.var.http_x_user_id or "nobody"`. Nothing is run: they are read
 * once, at load, and what is not understood is refused.
 */
import { nginxVariable, NGINX_VARIABLES } from './nginx-variables.ts'
import { FieldError, headerReader, valueAt, type Reader } from './record.ts'

const TOKEN = /\s*(?:(\.\.)|([()[\].,;])|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|"((?:[^"\\\n]|\\["\\n])*)"|'((?:[^'\\\n]|\\['\\n])*)')/y

interface Token {
  readonly kind: 'mark' | 'name' | 'number' | 'string' | 'end'
  readonly text: string
}

const KNOWN = 'Understood are `ngx.var.name`, `kong.request.get_header("name")`, texts, numbers, `nil`, `..`, `or`, `tostring()` and `tonumber()`. For anything else, use `custom_fields`, or a plugin of your own that sets `request.gateway.log`.'

/** Calls of Kong's kit, by what they are in a record. */
const CALLS: Readonly<Record<string, (argument: string | undefined) => Reader | undefined>> = {
  'kong.request.get_header': name => name === undefined ? undefined : headerReader(['request', 'headers'], name),
  'kong.request.get_method': argument => argument === undefined ? record => valueAt(record, ['request', 'method']) : undefined,
  'kong.request.get_path': argument => argument === undefined ? nginxVariable('uri') : undefined,
  'kong.request.get_query_arg': name => name === undefined ? undefined : record => valueAt(record, ['request', 'querystring', name]),
  'kong.client.get_forwarded_ip': argument => argument === undefined ? record => valueAt(record, ['client_ip']) : undefined,
  'kong.response.get_status': argument => argument === undefined ? record => valueAt(record, ['response', 'status']) : undefined,
  'kong.response.get_header': name => name === undefined ? undefined : headerReader(['response', 'headers'], name)
}

/** @throws FieldError for what isn't one of these expressions */
export function compileLua (code: string): Reader {
  return new Parser(tokens(code)).chunk()
}

function tokens (code: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < code.trimEnd().length) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(code)
    if (match === null) throw new FieldError(`Lua is not run here, and '${code.slice(from).trim().slice(0, 20)}' is beyond the expressions that are understood`, KNOWN)
    const [, dots, mark, name, number, double, single] = match
    const quoted = double ?? single
    if (quoted !== undefined) found.push({ kind: 'string', text: quoted.replace(/\\(.)/g, (_, escaped: string) => escaped === 'n' ? '\n' : escaped) })
    else if (name !== undefined) found.push({ kind: 'name', text: name })
    else if (number !== undefined) found.push({ kind: 'number', text: number })
    else found.push({ kind: 'mark', text: (dots ?? mark) as string })
  }
  return found
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor (tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  chunk (): Reader {
    this.#take('return')
    const reader = this.#or()
    this.#take(';')
    if (this.#next.kind !== 'end') throw this.#refusal()
    return reader
  }

  #or (): Reader {
    const choices = [this.#concat()]
    while (this.#take('or')) choices.push(this.#concat())
    if (choices.length === 1) return choices[0] as Reader
    return record => {
      let value: unknown
      for (const choice of choices) {
        value = choice(record)
        if (value !== undefined && value !== false) return value
      }
      return value
    }
  }

  #concat (): Reader {
    const parts = [this.#primary()]
    while (this.#take('..')) parts.push(this.#primary())
    if (parts.length === 1) return parts[0] as Reader
    return record => {
      const values = parts.map(part => part(record))
      // Lua fails at it, and the field isn't there
      return values.includes(undefined) ? undefined : values.map(String).join('')
    }
  }

  #primary (): Reader {
    const { kind, text } = this.#next
    if (kind === 'string' || kind === 'number') {
      this.#at++
      const value = kind === 'number' ? Number(text) : text
      return () => value
    }
    if (this.#take('(')) return this.#closed(this.#or())
    if (kind !== 'name') throw this.#refusal()
    if (this.#take('nil')) return () => undefined
    if (this.#take('true')) return () => true
    if (this.#take('false')) return () => false
    if (this.#take('tostring')) return this.#conversion(value => value === undefined ? 'nil' : String(value))
    if (this.#take('tonumber')) return this.#conversion(value => value === undefined || value === '' || Number.isNaN(Number(value)) ? undefined : Number(value))
    return this.#path()
  }

  #conversion (convert: (value: unknown) => unknown): Reader {
    if (!this.#take('(')) throw this.#refusal()
    const inner = this.#closed(this.#or())
    return record => convert(inner(record))
  }

  #closed (reader: Reader): Reader {
    if (!this.#take(')')) throw this.#refusal()
    return reader
  }

  /** `ngx.var.x`, `ngx.var["x"]`, or a call. */
  #path (): Reader {
    let path = this.#word()
    for (;;) {
      if (this.#take('.')) path += `.${this.#word()}`
      else if (this.#take('[')) path += `.${this.#quoted(']')}`
      else break
    }
    if (path.startsWith('ngx.var.')) {
      const name = path.slice('ngx.var.'.length)
      const reader = nginxVariable(name)
      if (reader === undefined) throw new FieldError(`there is no nginx here, and nothing like its variable '${name}'`, `Use one of ${NGINX_VARIABLES.join(', ')}.`)
      return reader
    }
    const call = Object.hasOwn(CALLS, path) ? CALLS[path] : undefined
    if (call === undefined || !this.#take('(')) throw this.#refusal(path)
    const argument = this.#take(')') ? undefined : this.#quoted(')')
    const reader = call(argument)
    if (reader === undefined) throw this.#refusal(path)
    return reader
  }

  #word (): string {
    const { kind, text } = this.#next
    if (kind !== 'name') throw this.#refusal()
    this.#at++
    return text
  }

  #quoted (end: string): string {
    const { kind, text } = this.#next
    if (kind !== 'string') throw this.#refusal()
    this.#at++
    if (!this.#take(end)) throw this.#refusal()
    return text
  }

  get #next (): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' }
  }

  #take (text: string): boolean {
    const { kind, text: next } = this.#next
    if (next !== text || kind === 'string' || kind === 'end') return false
    this.#at++
    return true
  }

  #refusal (what?: string): FieldError {
    const { kind, text } = this.#next
    return new FieldError(`Lua is not run here, and ${what !== undefined ? `'${what}'` : kind === 'end' ? 'where it ends' : `'${text}'`} is beyond the expressions that are understood`, KNOWN)
  }
}
