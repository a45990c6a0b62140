// The configuration files for somebody to look at: rendered without the secrets, however short those are.

import type { RenderedFile } from '../config/render-files.ts'
import { isSecret } from '../config/variables.ts'
import type { Variable } from '../config/variables.ts'
import type { RunPaths } from '../contract/directories.ts'
import { renderConfiguration } from './preparation.ts'
import type { Source } from './source.ts'

export const renderMasked = (source: Source, paths: RunPaths): readonly RenderedFile[] =>
  renderConfiguration(source.context, new Map([...source.variables].map(([name, variable]) => [name, maskSecret(variable)])), paths)

const maskSecret = (variable: Variable): Variable =>
  isSecret(variable.declaration) && variable.source !== 'unset' ? { ...variable, text: '********', json: '********' } : variable
