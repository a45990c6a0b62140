// Names of watchers and sockets -> names of processes and sockets, which allow fewer characters.

import type { IniSection } from './ini.ts'
import type { Notes } from './notes.ts'

/** Section name -> name. circus compares names without regard to case, so that two may not differ in that alone. */
export const planNames = (sections: readonly IniSection[], prefix: string, notes: Notes): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  const taken = new Map<string, string>()
  for (const section of sections) {
    const given = section.name.slice(prefix.length)
    const name = toName(given)
    const other = taken.get(name.toLowerCase())
    if (name === '') notes.problem(section.place, `[${section.name}]: a name needs a letter or a digit`)
    else if (other !== undefined) notes.problem(section.place, `[${section.name}] and [${other}] have the same name`)
    else if (name !== given) notes.warn(section.place, `[${section.name}] is called "${name}" here`)
    taken.set(name.toLowerCase(), section.name)
    names.set(section.name, name)
  }
  return names
}

const toName = (given: string): string =>
  given
    .trim()
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 48)
