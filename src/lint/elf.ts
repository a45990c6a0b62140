// The processor that an ELF program or library is for (elf(5)). Pure.
const ELF_MAGIC = Buffer.from('7f454c46', 'hex')
const DATA_AT = 5
const BIG_ENDIAN = 2
const TYPE_AT = 16
const MACHINE_AT = 18
/** Executables and shared objects: what a process is made of. */
const LOADABLE_TYPES = [2, 3]

/** e_machine of a file that starts with `head`, or undefined when it is no ELF file that can be executed or loaded. */
export const elfMachine = (head: Buffer): number | undefined => {
  if (head.length < MACHINE_AT + 2 || ELF_MAGIC.compare(head, 0, ELF_MAGIC.length) !== 0) return undefined
  const read = (at: number): number => (head[DATA_AT] === BIG_ENDIAN ? head.readUInt16BE(at) : head.readUInt16LE(at))
  return LOADABLE_TYPES.includes(read(TYPE_AT)) ? read(MACHINE_AT) : undefined
}
