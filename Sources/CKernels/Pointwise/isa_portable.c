// Any machine: 16-byte vectors. On 64-bit ARM fused multiply-add and rounding are part of the base set;
// on x86 they are not, and asking for them would call a library function per lane.
#include "kernels.h"
#include <math.h>

#define LANE_BYTES 16
#define TABLE adj_kernels_portable
#define ISA_NAME "portable"
#if defined(__aarch64__)
#define HAVE_FMA 1
#define HAVE_ROUND 1
#else
#define HAVE_FMA 0
#define HAVE_ROUND 0
#endif
#define ISA_AVX512 0
#define ISA_AVX2 0
#include "body.h"
