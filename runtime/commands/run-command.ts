// Command name -> code. Everything but `up` is loaded when it is asked for.

import type { Command, CommandContext } from './context.ts'
import type { CommandName } from './table.ts'
import { up } from './up.ts'

export const runCommand = async (name: CommandName, context: CommandContext): Promise<number> => {
  const command = await LOADERS[name]()
  const status = await command(context)
  // Whoever reads the output of a command, a pager above all, may take his time.
  if (name !== 'up') await Promise.all([context.stdout.flush(FLUSH_MS), context.stderr.flush(FLUSH_MS)])
  return status
}

/** The longest time that a timer can measure. */
const FLUSH_MS = 2_147_483_647

const processCommand = async (verb: 'start' | 'stop' | 'restart'): Promise<Command> => (await import('./process-command.ts')).createProcessCommand(verb)

const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  up: () => Promise.resolve(up),
  down: async () => (await import('./down.ts')).down,
  status: async () => (await import('./status.ts')).status,
  logs: async () => (await import('./logs.ts')).logs,
  start: () => processCommand('start'),
  stop: () => processCommand('stop'),
  restart: () => processCommand('restart'),
  reload: async () => (await import('./reload.ts')).reload,
  signal: async () => (await import('./signal.ts')).signal,
  kill: async () => (await import('./process-command.ts')).kill,
  scale: async () => (await import('./scale.ts')).scale,
  incr: async () => (await import('./scale.ts')).createIncrement(1),
  decr: async () => (await import('./scale.ts')).createIncrement(-1),
  wait: async () => (await import('./wait.ts')).wait,
  explain: async () => (await import('./explain.ts')).explain,
  events: async () => (await import('./events.ts')).events,
  top: async () => (await import('./stats.ts')).top,
  stats: async () => (await import('./stats.ts')).stats,
  run: async () => (await import('./task.ts')).task,
  exec: async () => (await import('./exec.ts')).exec,
  env: async () => (await import('./env.ts')).env,
  config: async () => (await import('./config.ts')).config,
  plan: async () => (await import('./plan.ts')).plan,
  paths: async () => (await import('./paths.ts')).paths,
  add: async () => (await import('./declaration.ts')).add,
  rm: async () => (await import('./declaration.ts')).rm,
  set: async () => (await import('./declaration.ts')).set,
  get: async () => (await import('./declaration.ts')).get,
  options: async () => (await import('./declaration.ts')).options,
  numprocesses: async () => (await import('./scale.ts')).numprocesses,
  numwatchers: async () => (await import('./scale.ts')).numwatchers,
  listsockets: async () => (await import('./sockets.ts')).listsockets,
  'reopen-logs': async () => (await import('./sockets.ts')).reopenLogs,
  doctor: async () => (await import('./doctor.ts')).doctor,
}
