// What kernels over rows share: vectors, exp, sums. Included once for each instruction set and float type by
// Rows.c with:
//   T, INT     the float type and the signed integer of its size
//   WIDTH      how many of them a vector holds
//   NAME(x)    x with a suffix of its own
//   IS_FLOAT   1 for float32, 0 for float64

typedef T NAME(vector) __attribute__((ext_vector_type(WIDTH)));
typedef INT NAME(ivector) __attribute__((ext_vector_type(WIDTH)));
typedef double NAME(dvector) __attribute__((ext_vector_type(WIDTH)));

static inline __attribute__((always_inline)) NAME(vector) NAME(load)(const T *p) {
  NAME(vector) v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline __attribute__((always_inline)) void NAME(store)(T *p, NAME(vector) v) { memcpy(p, &v, sizeof v); }

// exp(x) to about an ulp: x = n log 2 + r with |r| <= log(2) / 2, and exp(r) by the approximations of
// S. L. Moshier's Cephes library (expf.c: a polynomial; exp.c: a rational function). log 2 is split in two
// parts of which n times the first is exact. Adding 1.5 * 2^23 (2^52) rounds to an integer, which then
// stands in the low bits of the sum. 2^n is multiplied in two steps, so that results may be subnormal or
// infinite. NaN goes through: both comparisons with it are false.
static inline __attribute__((always_inline)) NAME(vector) NAME(exp)(NAME(vector) x) {
#if IS_FLOAT
  const T low = -104.0f, high = 89.0f, magic = 12582912.0f, log2_e = 1.44269504088896341f;
  const T c1 = 0.693359375f, c2 = -2.12194440e-4f;
  const INT magic_bits = 0x4B400000, mantissa = 23, bias = 127;
#else
  const T low = -746.0, high = 710.0, magic = 6755399441055744.0, log2_e = 1.4426950408889634073599;
  const T c1 = 6.93145751953125e-1, c2 = 1.42860682030941723212e-6;
  const INT magic_bits = 0x4338000000000000, mantissa = 52, bias = 1023;
#endif
  x = x < low ? (NAME(vector))low : x;
  x = x > high ? (NAME(vector))high : x;
  NAME(vector) shifted = x * log2_e + magic, n = shifted - magic, y;
  NAME(ivector) exponent;
  memcpy(&exponent, &shifted, sizeof exponent);
  exponent -= magic_bits;
  NAME(vector) r = x - n * c1;
  r = r - n * c2;
#if IS_FLOAT
  y = r * 1.9875691500e-4f + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
#else
  NAME(vector) rr = r * r;
  NAME(vector) p = r * ((1.26177193074810590878e-4 * rr + 3.02994407707441961300e-2) * rr + 9.99999999999999999910e-1);
  NAME(vector) q = ((3.00198505138664455042e-6 * rr + 2.52448340349684104192e-3) * rr + 2.27265548208155028766e-1) * rr
                   + 2.00000000000000000005e0;
  y = 1.0 + 2.0 * (p / (q - p));
#endif
  NAME(ivector) half = exponent >> 1, rest = exponent - half;
  half = (half + bias) << mantissa;
  rest = (rest + bias) << mantissa;
  NAME(vector) scale, scale_rest;
  memcpy(&scale, &half, sizeof scale);
  memcpy(&scale_rest, &rest, sizeof scale);
  return y * scale * scale_rest;
}

static inline __attribute__((always_inline)) double NAME(total)(const NAME(dvector) *sums) {
  double sum = 0;
  for (int j = 0; j < WIDTH; j++) sum += (*sums)[j];
  return sum;
}
