// The commands of a bundle, declared once: the parser and the help text are made from this table.

export type OptionDeclaration = {
  readonly flag: string
  readonly short?: string
  /** The placeholder of its value; options without one are switches. */
  readonly value?: string
  readonly description: string
}

export type CommandDeclaration = {
  readonly name: string
  readonly aliases?: readonly string[]
  /** How its operands are shown; empty when it takes none. */
  readonly operands: '' | '[FILE]' | '[PROC...]'
  readonly description: string
  readonly options: readonly OptionDeclaration[]
}

export const GLOBAL_OPTIONS = [
  { flag: '--instance', value: 'NAME', description: 'which of several instances of this file is meant (default: "default")' },
  { flag: '--help', short: '-h', description: 'show this text' },
  { flag: '--version', description: 'show the version of the file and of its runtime' },
] as const satisfies readonly OptionDeclaration[]

export const COMMANDS = [
  { name: 'up', operands: '', description: 'run everything in the foreground (the default)', options: [] },
  { name: 'env', operands: '', description: 'show every variable with its value', options: [] },
  { name: 'config', operands: '[FILE]', description: 'show the configuration files as they would be written', options: [] },
  {
    name: 'status',
    aliases: ['ps'],
    operands: '',
    description: 'show the processes and their states',
    options: [{ flag: '--json', description: 'as JSON' }],
  },
  {
    name: 'logs',
    operands: '[PROC...]',
    description: 'show the latest output of all or of these processes',
    options: [{ flag: '--follow', short: '-f', description: 'and what follows, until interrupted' }],
  },
  { name: 'start', operands: '[PROC...]', description: 'start all or these processes', options: [] },
  { name: 'stop', operands: '[PROC...]', description: 'stop all or these processes, in reverse order', options: [] },
  { name: 'restart', operands: '[PROC...]', description: 'stop and start all or these processes', options: [] },
  {
    name: 'doctor',
    operands: '',
    description: 'tell how it would start on this host, and what to do if it would not',
    options: [{ flag: '--json', description: 'as JSON' }],
  },
  { name: 'down', operands: '', description: 'stop everything and end; returns when it is gone', options: [] },
] as const satisfies readonly CommandDeclaration[]

export type CommandName = (typeof COMMANDS)[number]['name']
