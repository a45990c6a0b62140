// SHA-256. Node's module is loaded with the first use: it takes 5 ms, and most starts do without.

/** In hexadecimal digits, of the text in UTF-8. */
export const hashText = (text: string): string => process.getBuiltinModule('node:crypto').hash('sha256', text)
