// Error functions. erfc(x) = e^(-x^2) erfcx(x), with erfcx as a polynomial in 1 / (x + 2), a form that
// goes back to Hastings (Approximations for Digital Computers, 1955); x^2 is squared exactly. erfinv
// follows M. Giles (Approximating the erfinv function, 2010). The coefficients are our own.

// erfc(x) for x >= 1/2, up to underflow.
AI V FN(erfc_tail)(V x) {
  const T top = FLOAT_BITS == 64 ? C(28) : C(10.2);
  x = SEL(x > top, FN(splat)(top), x);
  V dl, d = FN(two_sum)(x, FN(splat)(2), &dl);
  V u = C(1) / d;
  // What the reciprocal lacks: (1 - u d) / d.
  V ul = u * (FN(residual)(u, d, FN(splat)(1)) - u * dl);
  V q = FN(horner)(u, COEF(ERFCX) + 1, COUNT(COEF(ERFCX)) - 1);
  V wl, w = FN(two_sum)(FN(splat)(COEF(ERFCX)[0]), u * q, &wl);
  V gl, g = FN(two_prod)(u, w, &gl);
  gl += u * wl + ul * w;
  V sl, s = FN(two_prod)(x, x, &sl);
  V k, p = FN(exp_parts)(-s, -sl, &k);
  return FN(ldexp)(FN(fma)(p, g, p * gl), k);
}

AI V FN(erf)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = FN(fma)(ax, POLY(ERF, z), ax);
  V large = C(1) - FN(erfc_tail)(ax);
  return FN(flip_sign)(SEL(ax < C(1), small, large), FN(sign)(x));
}

AI V FN(erfc)(V x) {
  V ax = FN(abs)(x), z = ax * ax;
  V small = C(1) - FN(fma)(x, POLY(ERF, z), x);
  V large = FN(erfc_tail)(ax);
  return SEL(ax < C(0.5), small, SEL(x < C(0), C(2) - large, large));
}

#if FLOAT_BITS == 64
AI V FN(erfinv)(V x) {
  V ax = FN(abs)(x);
  V w = -FN(log)((1 - ax) * (1 + ax));
  V p = POLY(ERFINV_A, w - 3);
  if (FN(any)(w > 6)) {
    V s = FN(sqrt)(w);
    p = SEL(w > 6, POLY(ERFINV_B, s - 3.25), p);
    p = SEL(w > 16, POLY(ERFINV_C, s - 5), p);
  }
  V y = SEL(ax == 1, x * __builtin_inf(), x * p);
  return SEL(ax > 1, FN(splat)(__builtin_nan("")), y);
}
#endif
