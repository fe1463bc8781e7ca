// The parts of Random.c that are worth compiling for each instruction set; included with NAME(x), x with a
// suffix of its own, and WIDTH, the number of 64-bit words in a vector. All of them give the same bits: integer
// arithmetic, and float64 operations that IEEE 754 rounds in one way (contraction is off).

typedef uint64_t NAME(words) __attribute__((ext_vector_type(WIDTH)));

// Blocks counter ..< counter + blocks, a multiple of WIDTH, as 64-bit pairs of words. A vector holds one word of
// each of WIDTH blocks in the low halves of its elements; the upper halves are left as they come, since the
// multiplication reads the low halves only.
static void NAME(philox_blocks)(uint64_t key, uint64_t stream, uint64_t counter, uint64_t *dst, int64_t blocks) {
  const NAME(words) low = (uint64_t)UINT32_MAX;
  NAME(words) lane;
  for (int j = 0; j < WIDTH; j++) lane[j] = (uint64_t)j;
  for (int64_t i = 0; i < blocks; i += WIDTH) {
    NAME(words) count = lane + (counter + (uint64_t)i);
    NAME(words) c0 = count, c1 = count >> 32, c2 = stream & UINT32_MAX, c3 = stream >> 32;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
      NAME(words) p0 = (c0 & low) * (uint64_t)PHILOX_M0, p1 = (c2 & low) * (uint64_t)PHILOX_M1;
      c0 = (p1 >> 32) ^ c1 ^ (uint64_t)k0;
      c1 = p1;
      c2 = (p0 >> 32) ^ c3 ^ (uint64_t)k1;
      c3 = p0;
      k0 += PHILOX_W0;
      k1 += PHILOX_W1;
    }
    NAME(words) first = (c0 & low) | (c1 << 32), second = (c2 & low) | (c3 << 32);
#if WIDTH == 8
    NAME(words) a = __builtin_shufflevector(first, second, 0, 8, 1, 9, 2, 10, 3, 11);
    NAME(words) b = __builtin_shufflevector(first, second, 4, 12, 5, 13, 6, 14, 7, 15);
#elif WIDTH == 4
    NAME(words) a = __builtin_shufflevector(first, second, 0, 4, 1, 5);
    NAME(words) b = __builtin_shufflevector(first, second, 2, 6, 3, 7);
#else
    NAME(words) a = __builtin_shufflevector(first, second, 0, 2);
    NAME(words) b = __builtin_shufflevector(first, second, 1, 3);
#endif
    memcpy(dst + 2 * i, &a, sizeof a);
    memcpy(dst + 2 * i + WIDTH, &b, sizeof b);
  }
}

// z[i] = the standard normal quantile of p, where tail[i] = min(p, 1 - p) > 0 and sign[i] = -1 or 1 for p below or
// above a half. count <= CHUNK, a multiple of 8 (what follows the elements asked for is computed and unused).
static void NAME(quantiles)(const double *restrict tail, const double *restrict sign, double *restrict z, int64_t count) {
  int32_t far[CHUNK];
  double t[CHUNK], x[CHUNK];
  // AS 241, the central region |q| <= 0.425, computed for all.
  for (int64_t i = 0; i < count; i++) {
    double q = 0.5 - tail[i], r = 0.180625 - q * q;
    double numerator = (((((((2.5090809287301226727e+3 * r + 3.3430575583588128105e+4) * r + 6.7265770927008700853e+4) * r
        + 4.5921953931549871457e+4) * r + 1.3731693765509461125e+4) * r + 1.9715909503065514427e+3) * r
        + 1.3314166789178437745e+2) * r + 3.3871328727963666080e+0);
    double denominator = (((((((5.2264952788528545610e+3 * r + 2.8729085735721942674e+4) * r + 3.9307895800092710610e+4) * r
        + 2.1213794301586595867e+4) * r + 5.3941960214247511077e+3) * r + 6.8718700749205790830e+2) * r
        + 4.2313330701600911252e+1) * r + 1.0);
    z[i] = sign[i] * (q * numerator / denominator);
  }
  // The rest, about 15 of 100, gathered so that they too are computed side by side.
  int64_t tails = 0;
  for (int64_t i = 0; i < count; i++) {
    far[tails] = (int32_t)i;
    tails += 0.5 - tail[i] > 0.425;
  }
  for (int64_t i = 0; i < tails; i++) t[i] = tail[far[i]];
  for (int64_t i = tails; i < (tails + 7) / 8 * 8; i++) t[i] = 0.05;
  int64_t padded = (tails + 7) / 8 * 8;
  for (int64_t i = 0; i < padded; i++) {
    // log t by the method of FreeBSD's e_log.c (Sun Microsystems, 1993): t = 2^k (1 + f), sqrt(1/2) <= 1 + f <
    // sqrt 2, s = f / (2 + f), and a polynomial in s^2.
    uint64_t bits;
    memcpy(&bits, &t[i], 8);
    bits += UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd);
    // The biased exponent becomes a float64 by standing in the low bits of 2^52.
    uint64_t exponent_bits = (bits >> 52) | UINT64_C(0x4330000000000000);
    bits = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd);
    double k, m;
    memcpy(&k, &exponent_bits, 8);
    memcpy(&m, &bits, 8);
    k -= 4503599627370496.0 + 1023.0;
    double f = m - 1.0, s = f / (2.0 + f), s2 = s * s, s4 = s2 * s2, half_square = 0.5 * f * f;
    double even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01));
    double odd = s2 * (6.666666666666735130e-01 + s4 * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01
                 + s4 * 1.479819860511658591e-01)));
    double log_t = k * 6.93147180369123816490e-01
                   - ((half_square - (s * (half_square + (even + odd)) + k * 1.90821492927058770002e-10)) - f);
    double r = __builtin_sqrt(-log_t);
    t[i] = r;
    r -= 1.6;
    double numerator = (((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
        + 1.27045825245236838258e+0) * r + 3.64784832476320460504e+0) * r + 5.76949722146069140550e+0) * r
        + 4.63033784615654529590e+0) * r + 1.42343711074968357734e+0);
    double denominator = (((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
        + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e+0) * r
        + 2.05319162663775882187e+0) * r + 1.0);
    x[i] = numerator / denominator;
  }
  for (int64_t i = 0; i < tails; i++) {
    if (__builtin_expect(t[i] > 5.0, 0)) { // beyond 6.66 deviations
      double r = t[i] - 5.0;
      double numerator = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
          + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e+0) * r
          + 5.46378491116411436990e+0) * r + 6.65790464350110377720e+0);
      double denominator = (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
          + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
          + 5.99832206555887937690e-1) * r + 1.0);
      x[i] = numerator / denominator;
    }
    z[far[i]] = sign[far[i]] * x[i];
  }
}

// The quantiles' arguments. k is a word of 32 bits or the upper 53 of a pair of words; p = (k + 1/2) / 2^32 (2^53)
// would not always be a float64, but its distance from the nearer end is.
static void NAME(normals_f32)(const uint32_t *restrict words, int64_t count, double mean, double deviation, float *restrict dst) {
  double tail[CHUNK], sign[CHUNK], z[CHUNK];
  int64_t padded = (count + 7) / 8 * 8;
  for (int64_t i = 0; i < padded; i++) {
    int32_t word = (int32_t)words[i];
    int32_t m = word ^ (word >> 31);
    sign[i] = word < 0 ? 1.0 : -1.0;
    tail[i] = ((double)m + 0.5) * 0x1p-32;
  }
  NAME(quantiles)(tail, sign, z, padded);
  for (int64_t i = 0; i < count; i++) dst[i] = (float)(mean + deviation * z[i]);
}

static void NAME(normals_f64)(const uint64_t *restrict words, int64_t count, double mean, double deviation, double *restrict dst) {
  double tail[CHUNK], sign[CHUNK], z[CHUNK];
  int64_t padded = (count + 7) / 8 * 8;
  for (int64_t i = 0; i < padded; i++) {
    uint64_t upper = 0 - (words[i] >> 63), m = (words[i] ^ upper) >> 11;
    uint64_t bits = m | UINT64_C(0x4330000000000000), sign_bits = UINT64_C(0xbff0000000000000) ^ (upper << 63);
    double value;
    memcpy(&value, &bits, 8);
    memcpy(&sign[i], &sign_bits, 8);
    tail[i] = (value - 4503599627370496.0 + 0.5) * 0x1p-53;
  }
  NAME(quantiles)(tail, sign, z, padded);
  for (int64_t i = 0; i < count; i++) dst[i] = mean + deviation * z[i];
}

#undef NAME
#undef WIDTH
