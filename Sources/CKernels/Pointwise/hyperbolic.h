// Hyperbolic functions and their inverses. Near zero, odd polynomials of our own; elsewhere exponential
// and logarithm with the small parts carried along.

// e^x / 2 for x >= 0 as the sum of the result and *low.
AI V FN(half_exp)(V x, V *low) {
  x = SEL(x > MAX_EXP, FN(splat)(MAX_EXP), x);
  V k = FN(round_small)(x * C(0x1.71547652b82fep+0));
  V r = FN(fma)(k, FN(splat)(-LN2_HIGH), x);
  r = FN(fma)(k, FN(splat)(-LN2_LOW), r);
  V l, p = FN(fast_two_sum)(FN(splat)(1), FN(fma)(r * r, POLY(EXP, r), r), &l);
  *low = FN(ldexp)(l, k - C(1));
  return FN(ldexp)(p, k - C(1));
}

AI V FN(sinh)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax * z, POLY(SINH, z), ax);
  V l, h = FN(half_exp)(ax, &l);
  return FN(flip_sign)(SEL(ax < C(1), small, h + (l - C(0.25) / h)), FN(sign)(x));
}

AI V FN(cosh)(V x) {
  V l, h = FN(half_exp)(FN(abs)(x), &l);
  return h + (l + C(0.25) / h);
}

// tanh x = 1 - 2 / (e^2x + 1)
AI V FN(tanh)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax * z, POLY(TANH, z), ax);
  V e = FN(exp)(ax + ax);
  V large = C(1) - C(2) / (e + C(1));
  return FN(flip_sign)(SEL(ax < C(0.625), small, large), FN(sign)(x));
}

// log(x + sqrt(x^2 + 1)), the argument as a sum of two numbers.
AI V FN(asinh)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax * z, POLY(ASINH, z), ax);
  I far = ax > (FLOAT_BITS == 64 ? C(0x1p30) : C(0x1p15));
  V a = SEL(far, FN(splat)(1), ax);
  V pl, p = FN(two_prod)(a, a, &pl);
  V l, h = FN(two_sum)(p, FN(splat)(1), &l);
  V s = FN(sqrt)(h);
  V sl = (FN(residual)(s, s, h) + (l + pl)) / (s + s);
  V tl, t = FN(fast_two_sum)(s, a, &tl);
  tl += sl;
  V large = FN(log_sum)(SEL(far, ax, t), SEL(far, FN(splat)(0), tl), SEL(far, FN(splat)(1), FN(splat)(0)));
  V y = SEL(ax < C(0.5), small, large);
  return FN(flip_sign)(y, FN(sign)(x));
}

// Near one, acosh(1 + t) = 2 asinh(sqrt(t / 2)); else log(x + sqrt(x^2 - 1)).
AI V FN(acosh)(V x) {
  V z = C(0.5) * (x - C(1));
  V wl, w = FN(sqrt_pair)(z, &wl);
  V small = C(2) * (w + (wl + w * z * POLY(ASINH, z)));
  I far = x > (FLOAT_BITS == 64 ? C(0x1p30) : C(0x1p15));
  V a = SEL(far, FN(splat)(2), x);
  V pl, p = FN(two_prod)(a, a, &pl);
  V l, h = FN(two_sum)(p, FN(splat)(-1), &l);
  V s = FN(sqrt)(h);
  V sl = (FN(residual)(s, s, h) + (l + pl)) / (s + s);
  V tl, t = FN(fast_two_sum)(a, s, &tl);
  tl += sl;
  V large = FN(log_sum)(SEL(far, x, t), SEL(far, FN(splat)(0), tl), SEL(far, FN(splat)(1), FN(splat)(0)));
  return SEL(x > C(1.5), large, small);
}

// log((1 + x) / (1 - x)) / 2 with the quotient as a sum of two numbers.
AI V FN(atanh)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax * z, POLY(ATANH, z), ax);
  V nl, n = FN(fast_two_sum)(FN(splat)(1), ax, &nl);
  V d = C(1) - ax;
  V q = n / d;
  V ql = (FN(residual)(q, d, n) + nl) / d;
  ql = SEL(d > C(0), ql, FN(splat)(0));
  V large = C(0.5) * FN(log_sum)(q, ql, FN(splat)(0));
  // Beyond one the quotient is negative, except at infinity.
  large = SEL(ax > C(1), FN(splat)(__builtin_nanf("")), large);
  return FN(flip_sign)(SEL(ax < C(0.5), small, large), FN(sign)(x));
}
