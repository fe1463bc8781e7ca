// AVX-512: 64-byte vectors.
#if defined(__x86_64__)
#include "kernels.h"
#include <immintrin.h>
#include <math.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#define LANE_BYTES 64
#define TABLE adj_kernels_avx512
#define ISA_NAME "avx512"
#define HAVE_FMA 1
#define HAVE_ROUND 1
#define ISA_AVX512 1
#define ISA_AVX2 0
#include "body.h"
#pragma clang attribute pop
#endif
