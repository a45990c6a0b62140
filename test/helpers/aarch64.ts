// Programs for aarch64 on this machine: what starts a command where the kernel executes them, or why that is impossible.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** Gives its command a kernel that executes programs for aarch64. */
export const AARCH64_KERNEL = join(import.meta.dirname, 'aarch64-kernel')

const { status, stderr } = spawnSync(AARCH64_KERNEL, { encoding: 'utf8' })
export const noKernel = status !== 0
if (noKernel) process.stdout.write(`programs for aarch64 are not started: ${stderr}`)
