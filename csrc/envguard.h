/*
 * The C core of envguard: what its Python side may call.
 *
 * Ownership: the caller owns every buffer; nothing here allocates, keeps a pointer after it returns, or sets errno.
 * Threads: every function may be called from any number of threads at once.
 * Status: functions that can fail return EG_OK or another EG_ code, and write their results through out-parameters.
 */
#ifndef ENVGUARD_H
#define ENVGUARD_H

#include <stddef.h>
#include <stdint.h>

#define EG_OK 0
#define EG_INVALID 1 /* a NULL where a buffer is needed */

#define EG_BLAKE3_OUT_LEN 32

/* Processor features, as bits. A bit is set only where the operating system saves the registers that it needs, too. */
#define EG_CPU_SSE2 (UINT32_C(1) << 0)
#define EG_CPU_SSSE3 (UINT32_C(1) << 1)
#define EG_CPU_SSE41 (UINT32_C(1) << 2)
#define EG_CPU_AVX (UINT32_C(1) << 3)
#define EG_CPU_AVX2 (UINT32_C(1) << 4)
#define EG_CPU_AVX512F (UINT32_C(1) << 5)
#define EG_CPU_AVX512VL (UINT32_C(1) << 6)
#define EG_CPU_NEON (UINT32_C(1) << 16)

/* Return the features of the processor that runs this, as EG_CPU_ bits. */
uint32_t eg_cpu_features(void);

/*
 * Write the BLAKE3 hash of input[0..length) to out (EG_BLAKE3_OUT_LEN bytes).
 * input may be NULL only if length is 0; input and out must not overlap. Returns EG_OK or EG_INVALID.
 */
int eg_blake3(const void *input, size_t length, uint8_t *out);

#endif
