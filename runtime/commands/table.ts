// The commands of a bundle, declared once: the parser, the help text and docs/commands.md are made from this table.

export type OptionDeclaration = {
  readonly flag: string
  readonly short?: string
  /** Other spellings, of circus' command line above all. */
  readonly aliases?: readonly string[]
  /** The placeholder of its value; options without one are switches. */
  readonly value?: string
  readonly description: string
}

export type CommandDeclaration = {
  readonly name: string
  readonly aliases?: readonly string[]
  /** How its operands are shown; empty when it takes none. */
  readonly operands: string
  /** How many it takes: at least, at most. */
  readonly arity: readonly [number, number]
  /** Behind this operand, counted from 0, everything is one, also what begins with a dash: the words of another program. */
  readonly opaqueFrom?: number
  readonly description: string
  readonly options: readonly OptionDeclaration[]
}

export const GLOBAL_OPTIONS = [
  { flag: '--instance', value: 'NAME', description: 'which of several instances of this file is meant (default: "default")' },
  { flag: '--run-dir', value: 'DIR', description: 'where run directories and control sockets are, instead of NIXPACK_RUN_DIR' },
  { flag: '--tmp-dir', value: 'DIR', description: 'where temporary directories are, instead of NIXPACK_TMP_DIR' },
  { flag: '--state-dir', value: 'DIR', description: 'what outlives a run, instead of NIXPACK_STATE_DIR' },
  { flag: '--log-dir', value: 'DIR', description: 'log files, instead of NIXPACK_LOG_DIR' },
  { flag: '--cache-dir', value: 'DIR', description: 'what can be made again, instead of NIXPACK_APP_CACHE_DIR' },
  { flag: '--spool-dir', value: 'DIR', description: 'what waits to be worked on, instead of NIXPACK_SPOOL_DIR' },
  { flag: '--lock-dir', value: 'DIR', description: 'lock files, instead of NIXPACK_LOCK_DIR' },
  { flag: '--lib-dir', value: 'DIR', description: 'data of the programs, instead of NIXPACK_LIB_DIR' },
  { flag: '--timeout', value: 'DURATION', description: 'how long to wait for an answer, or for what is waited for (default: as long as it takes)' },
  { flag: '--help', short: '-h', description: 'show this text' },
  { flag: '--version', description: 'show the version of the file and of its runtime' },
] as const satisfies readonly OptionDeclaration[]

const MANY = Number.POSITIVE_INFINITY
const JSON_OPTION = { flag: '--json', description: 'as JSON' } as const
const CONFIGURATION_OPTIONS = [
  { flag: '--env-file', value: 'FILE', description: 'variables, one NAME=VALUE a line; the environment wins; may be given again' },
  { flag: '--circus', value: 'FILE', description: 'adds what a circus.ini declares' },
] as const
const LINE_OPTIONS = [
  { flag: '--log-format', value: 'FORMAT', description: 'of each line: "text" or "json"' },
  { flag: '--timestamps', short: '-t', description: 'each line with its time' },
  { flag: '--no-prefix', description: 'lines as the processes wrote them' },
] as const
const WAIT_OPTIONS = [
  { flag: '--wait', aliases: ['--waiting'], description: 'return when it is done (the default)' },
  { flag: '--no-wait', description: 'return at once' },
] as const
const MATCH_OPTION = { flag: '--match', value: 'KIND', description: 'how names are meant: "glob" (the default), "simple" or "regex"' } as const
const STOP_OPTIONS = [
  { flag: '--signum', aliases: ['--signal'], value: 'SIGNAL', description: 'instead of the declared one' },
  { flag: '--graceful-timeout', aliases: ['--graceful_timeout'], value: 'DURATION', description: 'until SIGKILL, instead of the declared time' },
] as const

export const COMMANDS = [
  {
    name: 'up',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'run everything, or these processes and what they depend on (the default)',
    options: [
      { flag: '--detach', short: '-d', aliases: ['--daemon'], description: 'in the background; returns when it answers' },
      { flag: '--wait', aliases: ['--waiting'], description: 'with --detach: returns when everything is ready' },
      ...CONFIGURATION_OPTIONS,
      ...LINE_OPTIONS,
    ],
  },
  {
    name: 'down',
    aliases: ['quit'],
    operands: '',
    arity: [0, 0],
    description: 'stop everything and end; returns when it is gone',
    options: WAIT_OPTIONS,
  },
  {
    name: 'status',
    aliases: ['ps', 'list'],
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'show the processes and their states',
    options: [JSON_OPTION],
  },
  {
    name: 'logs',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'show the latest output of all or of these processes',
    options: [
      { flag: '--follow', short: '-f', description: 'and what follows, until interrupted' },
      { flag: '--lines', short: '-n', value: 'N', description: 'only the latest N lines' },
      ...LINE_OPTIONS,
    ],
  },
  { name: 'start', operands: '[PROC...]', arity: [0, MANY], description: 'start all or these processes', options: [...WAIT_OPTIONS, MATCH_OPTION] },
  {
    name: 'stop',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'stop all or these processes, in reverse order',
    options: [...WAIT_OPTIONS, MATCH_OPTION],
  },
  {
    name: 'restart',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'stop and start all or these processes',
    options: [...WAIT_OPTIONS, MATCH_OPTION],
  },
  {
    name: 'reload',
    aliases: ['reloadconfig'],
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'replace these processes by new ones; without names: read the configuration again and apply what changed',
    options: [
      { flag: '--graceful', description: 'new ones first, whatever is declared' },
      { flag: '--sequential', description: 'one after the other' },
      { flag: '--terminate', description: 'stop, then start' },
      ...WAIT_OPTIONS,
      MATCH_OPTION,
    ],
  },
  {
    name: 'signal',
    operands: 'SIGNAL PROC...',
    arity: [2, MANY],
    description: 'send a signal to processes',
    options: [
      { flag: '--children', description: 'to their children instead' },
      { flag: '--recursive', description: 'to everything below, too' },
      { flag: '--pid', value: 'PID', description: 'only to this one of them' },
      MATCH_OPTION,
    ],
  },
  {
    name: 'kill',
    operands: 'PROC...',
    arity: [1, MANY],
    description: 'end the runs of processes; they start again',
    options: [...STOP_OPTIONS, ...WAIT_OPTIONS, MATCH_OPTION],
  },
  { name: 'scale', operands: 'PROC=N...', arity: [1, MANY], description: 'run this many instances', options: WAIT_OPTIONS },
  { name: 'incr', operands: 'PROC [N]', arity: [1, 2], description: 'run so many instances more (default: 1)', options: WAIT_OPTIONS },
  { name: 'decr', operands: 'PROC [N]', arity: [1, 2], description: 'run so many instances less (default: 1)', options: WAIT_OPTIONS },
  {
    name: 'wait',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'return when all or these processes are there',
    options: [{ flag: '--for', value: 'WHAT', description: '"ready" (the default), "stopped" or "completed"' }],
  },
  { name: 'explain', operands: 'PROC', arity: [1, 1], description: 'tell why a process is in its state', options: [JSON_OPTION] },
  {
    name: 'events',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'show what has happened to the processes',
    options: [
      { flag: '--follow', short: '-f', description: 'and what follows, until interrupted' },
      { flag: '--since', value: 'CURSOR', description: 'only what came after that event' },
      JSON_OPTION,
    ],
  },
  { name: 'top', operands: '[PROC...]', arity: [0, MANY], description: 'show what the processes use, again and again, until q is pressed', options: [] },
  {
    name: 'stats',
    operands: '[PROC...]',
    arity: [0, MANY],
    description: 'show what the processes use, once',
    options: [{ flag: '--extended', description: 'and everything else that is known' }, JSON_OPTION],
  },
  {
    name: 'run',
    operands: 'TASK [ARG...]',
    arity: [1, MANY],
    opaqueFrom: 0,
    description: 'run a declared task with what it depends on, and relay its status',
    options: CONFIGURATION_OPTIONS,
  },
  {
    name: 'exec',
    operands: '[PROC] COMMAND [ARG...]',
    arity: [1, MANY],
    opaqueFrom: 0,
    description: 'run any program with the environment and configuration of the bundle, or of this process',
    options: CONFIGURATION_OPTIONS,
  },
  { name: 'env', operands: '', arity: [0, 0], description: 'show every variable with its value', options: [CONFIGURATION_OPTIONS[0]] },
  {
    name: 'config',
    operands: '[FILE]',
    arity: [0, 1],
    description: 'show the configuration files as they would be written',
    options: [
      { flag: '--check', description: 'only tell whether everything is right' },
      { flag: '--diff', description: 'what "reload" would change in the running instance' },
      ...CONFIGURATION_OPTIONS,
    ],
  },
  { name: 'plan', operands: '', arity: [0, 0], description: 'show what "up" would run, and how', options: [JSON_OPTION, ...CONFIGURATION_OPTIONS] },
  { name: 'paths', operands: '', arity: [0, 0], description: 'show every directory, and what decides about it', options: [JSON_OPTION] },
  {
    name: 'add',
    operands: 'NAME COMMAND [ARG...]',
    arity: [2, MANY],
    opaqueFrom: 1,
    description: 'declare another process in the running instance',
    options: [{ flag: '--start', description: 'and start it' }, ...WAIT_OPTIONS],
  },
  {
    name: 'rm',
    aliases: ['remove'],
    operands: 'PROC...',
    arity: [1, MANY],
    description: 'forget processes of the running instance',
    options: [{ flag: '--nostop', description: 'and leave alone what runs, until the bundle ends' }, ...WAIT_OPTIONS],
  },
  {
    name: 'set',
    operands: 'PROC KEY VALUE...',
    arity: [2, MANY],
    description: 'change the declaration of a process while it runs; also KEY=VALUE',
    options: WAIT_OPTIONS,
  },
  { name: 'get', operands: 'PROC KEY...', arity: [2, MANY], description: 'show parts of the declaration of a process', options: [JSON_OPTION] },
  { name: 'options', operands: 'PROC', arity: [1, 1], description: 'show the declaration of a process, with every default', options: [JSON_OPTION] },
  { name: 'numprocesses', operands: '[PROC]', arity: [0, 1], description: 'how many instances are to run', options: [] },
  { name: 'numwatchers', operands: '', arity: [0, 0], description: 'how many processes are declared', options: [] },
  { name: 'listsockets', aliases: ['sockets'], operands: '', arity: [0, 0], description: 'show the declared sockets', options: [JSON_OPTION] },
  { name: 'reopen-logs', operands: '', arity: [0, 0], description: 'open the log files again, as SIGUSR1 does', options: [] },
  {
    name: 'doctor',
    operands: '',
    arity: [0, 0],
    description: 'tell how it would start on this host, and what to do if it would not',
    options: [JSON_OPTION],
  },
] as const satisfies readonly CommandDeclaration[]

export type CommandName = (typeof COMMANDS)[number]['name']
