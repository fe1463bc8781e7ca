// Names of one floating type, for the headers that are included for each.
#undef T
#undef V
#undef I
#undef U
#undef FN
#undef MANTISSA
#undef BIAS
#undef MAGIC
#undef SPLITTER
#undef SMALLEST_NORMAL
#undef SIGN_BIT
#undef ONE_BITS
#undef SQRT_HALF_BITS
#undef FRACTION
#undef HIGH_PART
#undef UNALIGNED_V
#undef C
#undef COEF
#undef LN2_HIGH
#undef LN2_LOW
#undef PI_HIGH
#undef PI_LOW
#undef MAX_EXP
#undef MIN_EXP

#if FLOAT_BITS == 64
#define T double
#define V f64_vector
#define I f64_ivector
#define U f64_uvector
#define UNALIGNED_V f64_unaligned
#define FN(name) f64_##name
#define COEF(name) f64_##name
#define C(x) (x)
#define MANTISSA 52
#define BIAS 1023
#define MAGIC 0x1.8p52         // adding it rounds to an integer and leaves that in the low bits
#define SPLITTER 134217729.0   // 2^27 + 1
#define SMALLEST_NORMAL 0x1p-1022
#define SIGN_BIT 0x8000000000000000ull
#define ONE_BITS 0x3ff0000000000000ull
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdull
#define FRACTION 0x000fffffffffffffull
#define HIGH_PART 0xffffffff00000000ull  // 21 significant bits stay
// log 2; times any exponent, the high part is exact.
#define LN2_HIGH 0x1.62e42fefa38p-1
#define LN2_LOW 0x1.ef35793c7673p-45
#define PI_HIGH 0x1.921fb54442d18p+1
#define PI_LOW 0x1.1a62633145c07p-53
// exp and exp / 2 overflow, or give zero, beyond these.
#define MAX_EXP 711.0
#define MIN_EXP -746.0
#else
#define T float
#define V f32_vector
#define I f32_ivector
#define U f32_uvector
#define UNALIGNED_V f32_unaligned
#define FN(name) f32_##name
#define COEF(name) f32_##name
#define C(x) ((float)(x))
#define MANTISSA 23
#define BIAS 127
#define MAGIC 0x1.8p23f
#define SPLITTER 4097.0f
#define SMALLEST_NORMAL 0x1p-126f
#define SIGN_BIT 0x80000000u
#define ONE_BITS 0x3f800000u
#define SQRT_HALF_BITS 0x3f3504f3u
#define FRACTION 0x007fffffu
#define HIGH_PART 0xffffe000u  // 11 significant bits stay
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define PI_HIGH 0x1.921fb6p+1f
#define PI_LOW -0x1.777a5cp-24f
#define MAX_EXP 90.0f
#define MIN_EXP -105.0f
#endif
