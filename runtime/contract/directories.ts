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
  return [...(runtimeDir.startsWith('/') ? [`${runtimeDir}/nixpack`] : []), ...(uid === 0 ? ['/run/nixpack'] : []), ...temporary]
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

export const hasShortPaths = ({ controlSocketPath, filesDir }: RunPaths): boolean =>
  new TextEncoder().encode(controlSocketPath).length <= SOCKET_PATH_MAX_BYTES && new TextEncoder().encode(filesDir).length <= RUN_FILES_DIR_MAX_BYTES

/** Instance names become directory names and part of a socket name. */
export const isInstanceName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(name)
