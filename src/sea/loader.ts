// What the executable starts with. Node would take the script itself, with a code cache, too; but that one knows the outermost
// functions only, and compiling the others takes as long as everything else together.
import { getRawAsset } from 'node:sea'
import { ASSETS, compileScript } from './script.ts'

const readAsset = (name: string): Uint8Array => new Uint8Array(getRawAsset(name))

const { script, start } = compileScript(readAsset(ASSETS.source), readAsset(ASSETS.code))
if (script.cachedDataRejected === true) process.emitWarning('everything is compiled again: its code was made by another Node, or with other options')
start(process)
