// The environment as the user set it, recovered from what the launcher made of it; and the part of it that every
// process gets. The launcher renames variables that would change Node (NODE_OPTIONS, LD_PRELOAD, ...).

export type Environment = Readonly<Record<string, string>>

const RENAMED_PREFIX = 'NIXPACK_ENV_'
/** Set by the launcher for the supervisor; no business of the processes. */
const LAUNCHER_NAMES: ReadonlySet<string> = new Set([
  'NIXPACK_BUNDLE',
  'NIXPACK_ARGV0',
  'NIXPACK_ENTRYPOINT',
  'NIXPACK_RUNTIME',
  'NIXPACK_ENGINE',
  'NIXPACK_VERSION_INFO',
  'NIXPACK_DETACH_FD',
  'OPENSSL_CONF',
  'NODE_OPTIONS',
])
/** What a program may expect anywhere, and nothing that could change its behaviour by accident. */
const CLEAN_NAMES: ReadonlySet<string> = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TERM', 'TMPDIR'])

export const resolveUserEnvironment = (environment: Readonly<Record<string, string | undefined>>): Environment => {
  const entries = Object.entries(environment).flatMap(([name, value]): [string, string][] => {
    if (value === undefined || LAUNCHER_NAMES.has(name)) return []
    return [[name.startsWith(RENAMED_PREFIX) ? name.slice(RENAMED_PREFIX.length) : name, value]]
  })
  return Object.fromEntries(entries.filter(([name]) => name !== '' && !name.startsWith(RENAMED_PREFIX)))
}

/** Empty when it is not set; a variable may have the name of something that every object has. */
export const resolveSetting = (environment: Environment, name: string): string => (Object.hasOwn(environment, name) ? (environment[name] ?? '') : '')

export const pickCleanEnvironment = (user: Environment): Environment =>
  Object.fromEntries(Object.entries(user).filter(([name]) => CLEAN_NAMES.has(name) || name.startsWith('LC_')))
