import { fieldOptions, type Static, Type } from '../../src/plugin.ts'

export const FileLog = Type.Object({
  path: Type.String({
    title: 'Path',
    description: 'File that lines are appended to; a relative one starts at the folder of gateway.yaml.',
    minLength: 1,
    pattern: '^[^*&%\\\\`\\s](?:[^*&%\\\\`]*[^*&%\\\\`\\s])?$',
    examples: ['/var/log/sallyport/orders.log']
  }),
  reopen: Type.Boolean({
    title: 'Reopen',
    description: 'Makes no difference: a file that was moved is noticed within a second, and on SIGUSR1 at once. It is read for files written for Kong.',
    default: false,
    examples: [true]
  }),
  max_size: Type.Integer({
    title: 'Longest file',
    description: 'Bytes after which the file is put aside as `name.1`; 0: never.',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    examples: [104857600]
  }),
  max_files: Type.Integer({
    title: 'Most files',
    description: 'Files that were put aside and are kept, `name.1` to `name.5` for 5.',
    minimum: 0,
    maximum: 1000,
    default: 5,
    examples: [10]
  }),
  ...fieldOptions
}, {
  title: 'file-log',
  description: 'Writes a line for each request into a file.',
  additionalProperties: false
})

export type Config = Static<typeof FileLog>
