// Every constant of the file format, as runtime/contract/bundle-format.ts has them; a test compares the two.
#ifndef NP_FORMAT_H
#define NP_FORMAT_H

#include "sha256.h"

#define NP_FORMAT_VERSION 2

// With the NUL that ends the literal, each magic is eight bytes long.
#define NP_FOOTER_MAGIC "NIXPACK"
#define NP_INDEX_MAGIC "NPINDEX"
#define NP_MAGIC_SIZE 8

#define NP_FOOTER_SIZE 128
#define NP_FOOTER_HASHED_SIZE 96
#define NP_INDEX_HEADER_SIZE 64
#define NP_PATH_RECORD_SIZE 96
#define NP_FRAME_RECORD_SIZE 72
#define NP_DIGEST_SIZE NP_SHA256_SIZE

#define NP_FLAG_COMPOSED 1U
// A file or symlink of the path refers to a path of the same bundle.
#define NP_PATH_REFERENCES 1U
#define NP_NO_PATH 0xffffffffU

#define NP_MACHINE_X86_64 62
#define NP_MACHINE_AARCH64 183

#endif
