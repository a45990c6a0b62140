// Command name -> code. Commands that only talk to a running instance are loaded when they are asked for.

import type { Command, CommandContext } from './context.ts'
import type { CommandName } from './table.ts'
import { up } from './up.ts'

export const runCommand = async (name: CommandName, context: CommandContext): Promise<number> => {
  const command = await LOADERS[name]()
  return command(context)
}

const processCommand = async (verb: 'start' | 'stop' | 'restart'): Promise<Command> => (await import('./process-command.ts')).createProcessCommand(verb)

const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  up: () => Promise.resolve(up),
  env: async () => (await import('./env.ts')).env,
  config: async () => (await import('./config.ts')).config,
  status: async () => (await import('./status.ts')).status,
  logs: async () => (await import('./logs.ts')).logs,
  start: () => processCommand('start'),
  stop: () => processCommand('stop'),
  restart: () => processCommand('restart'),
  doctor: async () => (await import('./doctor.ts')).doctor,
  down: async () => (await import('./down.ts')).down,
}
