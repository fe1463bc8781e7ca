// The gamma function's relatives, in float64 only (float32 goes through it).

// sin(pi r) and cos(pi r) for |r| <= 1/2.
AI V FN(sinpi)(V r) { return r * POLY(SINPI, r * r); }
AI V FN(cospi)(V r) {
  // On the outer half, as the sine of the complement, which keeps the zero at 1/2 exact.
  V a = FN(abs)(r);
  return SEL(a > 0.25, FN(sinpi)(0.5 - a), POLY(COSPI, r * r));
}

// log |gamma(x)|, x > 0. Below 8.5: steps of one to [1.5, 2.5] and (x - 2) P(x - 2), which is exact at
// the zeros 1 and 2; above: Stirling's series.
AI V FN(lgamma_positive)(V x) {
  V y = SEL(x < 8.5, x, FN(splat)(2));
  V n = FN(rint)(y);
  V e = y - n;
  // lgamma(2 + e) = lgamma(y) + log(factors between)
  V product = FN(splat)(1);
  V divide = FN(splat)(1);
  divide = SEL(n < 2, y, divide);
  divide = SEL(n < 1, y * (y + 1), divide);
  for (int i = 1; i <= 6; i++) product = SEL(n > 1.5 + i, product * (y - i), product);
  V l = FN(log)(SEL(n < 2, divide, product));
  V near = FN(fma)(e, POLY(LGAMMA, e), SEL(n < 2, -l, l));
  if (!FN(any)(~(x < 8.5))) return near;

  // Stirling: B_2k / (2k (2k - 1) x^(2k - 1))
  V r = 1 / x, z = r * r;
  static const double f64_STIRLING[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400};
  V series = r * FN(horner)(z, f64_STIRLING, COUNT(f64_STIRLING));
  V logx = FN(log)(x);
  V far = (x - 0.5) * (logx - 1) + (0x1.acfe390c97d69p-2 + series);  // log(2 pi) / 2 - 1/2
  far = SEL(x == __builtin_inf(), x, far);
  return SEL(x < 8.5, near, far);
}

// Negative arguments by reflection: gamma(x) gamma(1 - x) = pi / sin(pi x).
AI V FN(lgamma)(V x) {
  V ax = FN(abs)(x);
  V y = FN(lgamma_positive)(ax);
  I negative = x < 0;
  if (FN(any)(negative)) {
    V s = FN(abs)(FN(sinpi)(ax - FN(rint)(ax)));
    // log(pi) - log(|x| sin(pi |x|)) - lgamma(|x|)
    V reflected = (0x1.250d048e7a1bdp+0 - FN(log)(s) - FN(log)(ax)) - y;
    reflected = SEL(s == 0, FN(splat)(__builtin_inf()), reflected);
    // Next to zero both signs agree, and the product would underflow.
    y = SEL(x < -0x1p-60, reflected, y);
  }
  y = SEL(x == 0, FN(splat)(__builtin_inf()), y);
  return SEL(ax == __builtin_inf(), ax, y);
}

// digamma for x > 0: below 10.5, steps of one to [1, 2] and (x - root) P(x - 1.5), exact at the root;
// above, the asymptotic series.
AI V FN(digamma_positive)(V x) {
  V y = SEL(x < 10.5, x, FN(splat)(1.5));
  // The sum of 1 / (y - i), one fraction.
  V numerator = FN(splat)(0), denominator = FN(splat)(1);
  V t = y;
  for (int i = 1; i <= 9; i++) {
    I more = t > 2;
    V next = t - 1;
    numerator = SEL(more, FN(fma)(numerator, next, denominator), numerator);
    denominator = SEL(more, denominator * next, denominator);
    t = SEL(more, next, t);
  }
  I below = y < 1;
  numerator = SEL(below, FN(splat)(-1), numerator);
  denominator = SEL(below, y, denominator);
  t = SEL(below, y + 1, t);
  V near = FN(fma)((t - DIGAMMA_ROOT) - DIGAMMA_ROOT_LOW, POLY(DIGAMMA, t - 1.5), numerator / denominator);
  if (!FN(any)(~(x < 10.5))) return near;

  // log x - 1 / 2x - B_2k / (2k x^2k)
  V r = 1 / x, z = r * r;
  static const double f64_ASYMPTOTIC[] = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12, -3617.0 / 8160};
  V far = FN(log)(x) - FN(fma)(z, FN(horner)(z, f64_ASYMPTOTIC, COUNT(f64_ASYMPTOTIC)), 0.5 * r);
  return SEL(x < 10.5, near, far);
}

// digamma(x) = digamma(1 - x) - pi / tan(pi x)
AI V FN(digamma)(V x) {
  I negative = x < 0;
  V y = FN(digamma_positive)(SEL(negative, 1 - x, x));
  if (FN(any)(negative)) {
    V f = x - FN(rint)(x);
    V cot = PI_HIGH * FN(cospi)(f) / FN(sinpi)(f);
    V reflected = SEL((f == 0) | (x == -__builtin_inf()), FN(splat)(__builtin_nan("")), y - cot);
    y = SEL(negative, reflected, y);
  }
  y = SEL(x == __builtin_inf(), x, y);
  return SEL(x == 0, -1 / x, y);
}
