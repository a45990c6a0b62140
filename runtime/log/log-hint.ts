// What helps when a log file cannot be written, or its backups cannot be made or removed. Pure.

export const renderLogHint = (error: unknown): string => renderHint(error, HINTS)

export const renderBackupHint = (error: unknown): string => renderHint(error, BACKUP_HINTS)

type Hints = ReadonlyMap<string, string>

const renderHint = (error: unknown, hints: Hints): string => {
  const hint = error instanceof Error && 'code' in error ? hints.get(String(error.code)) : undefined
  return hint === undefined ? '' : ` (${hint})`
}

const NOT_OURS = 'choose a place that you can write to, as with --log-dir'
const NO_ROOM = 'make room on its file system'

const HINTS: Hints = new Map([
  ['ENOENT', 'make its directory'],
  ['ENOTDIR', 'a part of its path is a file'],
  ['EISDIR', 'name a file, not a directory'],
  ['EEXIST', 'its directory must be one, and no symbolic link'],
  ['ELOOP', 'name the file itself: symbolic links are not followed'],
  ['EACCES', NOT_OURS],
  ['EPERM', NOT_OURS],
  ['EROFS', NOT_OURS],
  ['ENOSPC', NO_ROOM],
  ['EDQUOT', NO_ROOM],
  ['EFBIG', 'allow larger files, as with ulimit -f, or let it be rotated'],
  ['ENXIO', 'let somebody read this FIFO, or name a file if it is a socket'],
])

const BACKUP_HINTS: Hints = new Map([
  ['EISDIR', 'move away the directory that has the name of a backup'],
  ['EACCES', 'allow its directory to be written'],
  ['EPERM', 'allow its files to be renamed and removed'],
  ['EROFS', NOT_OURS],
  ['ENOSPC', NO_ROOM],
  ['EDQUOT', NO_ROOM],
])
