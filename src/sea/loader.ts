// What the executable starts with. Node would take the script itself, with a code cache, too; but that one knows the outermost
// functions only, and compiling the others takes as long as everything else together.
import { getRawAsset } from 'node:sea'
import { debuglog } from 'node:util'
import { ASSETS, compileScript } from './script.ts'

const readAsset = (name: string): Uint8Array => new Uint8Array(getRawAsset(name))

const { script, start } = compileScript(readAsset(ASSETS.source), readAsset(ASSETS.code))
// Refused where Node runs with other options, as without memory for its compiler: a slower start is nothing to tell a user.
debuglog('sea')('code %s', script.cachedDataRejected === true ? 'refused' : 'taken')
start(process)
