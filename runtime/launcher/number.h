// Whole numbers in text that is not ours.
#ifndef NP_NUMBER_H
#define NP_NUMBER_H

#include <stdbool.h>

// False for anything but the digits of a number from `least` to `most`, with a sign where `least` is negative.
bool np_parse_number(const char *text, int base, long least, long most, long *value);

#endif
