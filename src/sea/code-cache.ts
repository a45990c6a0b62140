// code-cache.ts SOURCE CODE ENTRYPOINT: runs the script once, for a command that does most of what a start does, and writes the
// code that V8 has made meanwhile. The command's world is always the same one, or the code would not be.
import { readFileSync, writeFileSync } from 'node:fs'
import { ASSETS, compileScript } from './script.ts'

const [sourcePath = '', codePath = '', entrypointDir = ''] = process.argv.slice(2)
const { script, start } = compileScript(readFileSync(sourcePath))

const exit = (status: number): void => {
  if (status !== 0) process.exitCode = 1
  else writeFileSync(codePath, script.createCachedData())
}

const world: PropertyDescriptorMap = {
  argv: { value: [process.execPath, ASSETS.source, '--', 'plan'] },
  env: { value: { NIXPACK_ENTRYPOINT: entrypointDir, HOME: '/' } },
  getuid: { value: () => 65534 },
  cwd: { value: () => '/' },
  exit: { value: exit },
}
start(Object.create(process, world))
