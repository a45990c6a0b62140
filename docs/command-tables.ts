// The tables of docs/commands.md, from the declarations of the commands.
import { EXIT_STATUS } from '../runtime/commands/help.ts'
import { COMMANDS, GLOBAL_OPTIONS } from '../runtime/commands/table.ts'
import type { CommandDeclaration, OptionDeclaration } from '../runtime/commands/table.ts'

const ALL: readonly CommandDeclaration[] = COMMANDS

const interfaces = (): string =>
  ['| command | meaning |', '|---|---|', ...ALL.map((command) => `| ${renderName(command)} | ${command.description} |`)].join('\n')

const renderName = ({ name, aliases = [], operands }: CommandDeclaration): string =>
  [`\`${name}${operands === '' ? '' : ` ${operands}`}\``, ...aliases.map((alias) => `\`${alias}\``)].join(', ').replaceAll('|', String.raw`\|`)

const options = (): string =>
  [
    '| command | option | meaning |',
    '|---|---|---|',
    ...GLOBAL_OPTIONS.map((option) => renderOption('every', option)),
    ...ALL.flatMap(({ name, options: own }) => own.map((option) => renderOption(`\`${name}\``, option))),
  ].join('\n')

const renderOption = (command: string, { flag, short, aliases = [], value, description }: OptionDeclaration): string =>
  `| ${command} | ${[...(short === undefined ? [] : [short]), flag, ...aliases].map((name) => `\`${name}${value === undefined ? '' : ` ${value}`}\``).join(', ')} | ${description} |`

const statuses = (): string => ['| status | meaning |', '|---|---|', ...EXIT_STATUS.map(([status, ...meaning]) => `| ${status} | ${meaning.join(' ')} |`)].join('\n')

export const COMMAND_TABLES: Readonly<Record<string, () => string>> = { interfaces, options, statuses }
