// What helps when a log file cannot be written. Pure.

export const renderLogHint = (error: Error): string => {
  const hint = 'code' in error ? HINTS.get(String(error.code)) : undefined
  return hint === undefined ? '' : ` (${hint})`
}

const NOT_OURS = 'choose a place that you can write to, as with --log-dir'
const NO_ROOM = 'make room on its file system'

const HINTS: ReadonlyMap<string, string> = new Map([
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
  ['ENXIO', 'nobody reads this FIFO, or it is a socket'],
])
