// Where a running bundle keeps its private files, and what is in there. Pure: paths only, nobody looks at a disk.

/** The longest path that fits sockaddr_un with its final NUL. */
export const SOCKET_PATH_MAX_BYTES = 107

/** Services put their own sockets below dir.run: room for "/some-service-name.sock" must remain. */
export const RUN_FILES_DIR_MAX_BYTES = 80

export type RunDirectoryRequest = {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly uid: number
}

/** The directories that may hold the run directories of all bundles, best first. */
export const planRunDirectoryBases = ({ environment, uid }: RunDirectoryRequest): readonly string[] => {
  const chosen = environment['NIXPACK_RUN_DIR']
  // A directory that was asked for is used or refused, never silently replaced.
  if (chosen !== undefined && chosen !== '') return [chosen]
  const runtimeDir = environment['XDG_RUNTIME_DIR'] ?? ''
  const temporary = ['/tmp', '/var/tmp', '/dev/shm'].map((dir) => `${dir}/nixpack-${uid}/run`)
  const ofSession = runtimeDir.startsWith('/') ? [`${runtimeDir}/nixpack`] : []
  // The session's directory is closed to other users, whom root's processes may run as.
  return uid === 0 ? ['/run/nixpack', ...ofSession, ...temporary] : [...ofSession, ...temporary]
}

export type RunPaths = {
  readonly instanceDir: string
  readonly controlSocketPath: string
  /** dir.run: rendered files, and what processes put there. */
  readonly filesDir: string
  /** dir.tmp */
  readonly tmpDir: string
  /** FIFOs, each for the milliseconds until both ends are open. */
  readonly fifosDir: string
}

export const resolveRunPaths = (baseDir: string, bundle: string, instance: string): RunPaths => {
  const instanceDir = `${baseDir}/${bundle}/${instance}`
  return {
    instanceDir,
    controlSocketPath: `${instanceDir}/control.sock`,
    filesDir: `${instanceDir}/run`,
    tmpDir: `${instanceDir}/run/tmp`,
    fifosDir: `${instanceDir}/fifos`,
  }
}

/** NIXPACK_TMP_DIR: dir.tmp is in there, for this instance alone, and not in the run directory, which may be small. */
export const relocateTmp = (paths: RunPaths, { environment, uid }: RunDirectoryRequest): RunPaths => {
  const chosen = environment['NIXPACK_TMP_DIR'] ?? ''
  if (chosen === '') return paths
  const instance = paths.instanceDir.split('/').slice(-2).join('@')
  return { ...paths, tmpDir: `${chosen}/nixpack-${uid}-${instance}/tmp` }
}

export const hasShortPaths = ({ controlSocketPath, filesDir }: RunPaths): boolean =>
  new TextEncoder().encode(controlSocketPath).length <= SOCKET_PATH_MAX_BYTES && new TextEncoder().encode(filesDir).length <= RUN_FILES_DIR_MAX_BYTES

/** Instance names become directory names and part of a socket name. */
export const isInstanceName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(name)

/** What outlives a run; dir.NAME of the same names. */
export const LASTING_DIRECTORY_NAMES = ['state', 'log', 'cache', 'spool', 'lock', 'lib'] as const
export type LastingDirectoryName = (typeof LASTING_DIRECTORY_NAMES)[number]

export type Directories = Readonly<Record<LastingDirectoryName, string>>

/** Each is the directory itself, not a place for many. NIXPACK_CACHE_DIR is the launcher's: where the bundle is unpacked. */
export const DIRECTORY_VARIABLES: Readonly<Record<LastingDirectoryName, string>> = {
  state: 'NIXPACK_STATE_DIR',
  log: 'NIXPACK_LOG_DIR',
  cache: 'NIXPACK_APP_CACHE_DIR',
  spool: 'NIXPACK_SPOOL_DIR',
  lock: 'NIXPACK_LOCK_DIR',
  lib: 'NIXPACK_LIB_DIR',
}

export type DirectoriesRequest = RunDirectoryRequest & {
  readonly workingDir: string
  readonly bundle: string
  readonly instance: string
  /** From --state-dir, --log-dir, ...; they win. */
  readonly chosen: Readonly<Partial<Record<LastingDirectoryName, string>>>
}

/** Absolute paths; nothing is made here. */
export const resolveDirectories = (request: DirectoriesRequest): Directories => {
  const choose = (name: LastingDirectoryName, fallback: string): string => {
    const path = request.chosen[name] ?? (request.environment[DIRECTORY_VARIABLES[name]] || fallback)
    return path.startsWith('/') ? path : `${request.workingDir}/${path}`
  }
  const state = choose('state', `${resolveStateBase(request)}/${request.bundle}/${request.instance}`)
  const below = (name: LastingDirectoryName): string => choose(name, `${state}/${name}`)
  return { state, log: below('log'), cache: below('cache'), spool: below('spool'), lock: below('lock'), lib: below('lib') }
}

/** A relative XDG_STATE_HOME is invalid and to be ignored (XDG Base Directory Specification). */
const resolveStateBase = ({ environment, uid }: RunDirectoryRequest): string => {
  if (uid === 0) return '/var/lib/nixpack'
  const chosen = environment['XDG_STATE_HOME'] ?? ''
  if (chosen.startsWith('/')) return `${chosen}/nixpack`
  const home = environment['HOME'] ?? ''
  return home.startsWith('/') ? `${home}/.local/state/nixpack` : `/var/tmp/nixpack-${uid}/state`
}
