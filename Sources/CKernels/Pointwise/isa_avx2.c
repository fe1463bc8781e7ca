// AVX2 with fused multiply-add: 32-byte vectors.
#if defined(__x86_64__)
#include "kernels.h"
#include <immintrin.h>
#include <math.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANE_BYTES 32
#define TABLE adj_kernels_avx2
#define ISA_NAME "avx2"
#define HAVE_FMA 1
#define HAVE_ROUND 1
#define ISA_AVX512 0
#define ISA_AVX2 1
#include "body.h"
#pragma clang attribute pop
#endif
