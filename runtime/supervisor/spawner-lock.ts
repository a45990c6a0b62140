// Why a lock file could not be had, and what helps. Pure.

import { constants } from 'node:os'
import { NixpackError } from '../contract/errors.ts'
import { findField, findNumber } from './spawner-frame.ts'
import type { SpawnerMessage } from './spawner-frame.ts'

export const renderLockFailure = (path: string, answer: SpawnerMessage): NixpackError => {
  const hint = HINTS.get(findNumber(answer, 'errno'))
  return new NixpackError('CONFIG_UNWRITABLE', `cannot lock "${path}": ${findField(answer, 'text')}`, hint === undefined ? {} : { hint })
}

const NO_ROOM = 'make room on its file system, or choose a directory on another one with --state-dir'
const NOT_OURS = 'choose a directory that you can write to with --state-dir'

const HINTS: ReadonlyMap<number, string> = new Map([
  [constants.errno.ENOSPC, NO_ROOM],
  [constants.errno.EDQUOT, NO_ROOM],
  [constants.errno.EACCES, NOT_OURS],
  [constants.errno.EPERM, NOT_OURS],
  [constants.errno.EROFS, NOT_OURS],
  [constants.errno.ELOOP, 'remove what is there: a lock is a file, not a symbolic link'],
])
