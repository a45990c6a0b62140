// Lines of at most 80 columns where words allow it; control characters of names in them are shown, not sent.
#ifndef NP_DOCTOR_PRINT_H
#define NP_DOCTOR_PRINT_H

// The first line starts with `lead`, the others with as many blanks.
void np_print_wrapped(const char *lead, const char *format, ...) __attribute__((format(printf, 2, 3)));
// One line, however long: a command has to be typed as it is.
void np_print_line(const char *lead, const char *text);

#endif
