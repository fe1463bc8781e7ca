// Checks the pointwise kernels: the error of every operation, in every instruction set this CPU has,
// against the C library in long double and against a table made with mpmath; and adj_run and
// adj_reduce against a plain interpreter on random programs, shapes and strides.
//
//   clang -O2 -ISources/CKernels/include Tests/KernelChecks/pointwise_check.c \
//     Sources/CKernels/Pointwise/*.c -lm -o pointwise_check && ./pointwise_check
//
// Arguments: "accuracy", "programs" or "speed" for one part, and a factor for the number of points.
#include "adj_pointwise.h"
#include "reference.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <time.h>

static const char *const names[ADJ_OP_COUNT] = {
    "copy", "add", "sub", "mul", "div", "fma", "strong_mul", "neg", "abs", "sign", "square",
    "reciprocal", "min", "max", "select", "eq", "ne", "lt", "le", "and", "or", "not", "is_nan",
    "is_finite", "floor", "ceil", "round", "trunc", "floor_div", "remainder", "sqrt", "rsqrt", "cbrt",
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan",
    "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "pow", "hypot", "erf", "erfc", "erfinv",
    "lgamma", "digamma", "polygamma"};

static int failures;

static int arity(int op) {
  switch (op) {
    case ADJ_FMA: case ADJ_SELECT: return 3;
    case ADJ_ADD: case ADJ_SUB: case ADJ_MUL: case ADJ_DIV: case ADJ_STRONG_MUL: case ADJ_MIN: case ADJ_MAX:
    case ADJ_EQ: case ADJ_NE: case ADJ_LT: case ADJ_LE: case ADJ_AND: case ADJ_OR: case ADJ_FLOOR_DIV:
    case ADJ_REMAINDER: case ADJ_ATAN2: case ADJ_POW: case ADJ_HYPOT: case ADJ_POLYGAMMA: return 2;
    default: return 1;
  }
}

static bool has_integers(int op) {
  if (op == ADJ_POW) return true;
  if (op >= ADJ_SQRT) return false;
  return op != ADJ_DIV && op != ADJ_RECIPROCAL && op != ADJ_IS_NAN && op != ADJ_IS_FINITE;
}

// xorshift64*
static uint64_t state = 0x9e3779b97f4a7c15ull;
static uint64_t random64(void) {
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}
static double uniform(double a, double b) { return a + (b - a) * ((double)(random64() >> 11) * 0x1p-53); }
static int64_t below(int64_t n) { return (int64_t)(random64() % (uint64_t)n); }

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// ---- References ----

static bool truth(long double x) { return x != 0 || isnan(x); }

static double python_mod(double a, double b, bool narrow) {
  double m = fmod(a, b);
  if (m == 0) return copysign(0, b);
  return (m < 0) == (b < 0) ? m : narrow ? (float)m + (float)b : m + b;
}

// The value to the precision of long double; false if the library has none such. What an IEEE machine
// rounds correctly is left to double arithmetic (exact for float32 operands up to a harmless second
// rounding).
static bool reference(int op, long double a, long double b, long double c, bool narrow, long double *y) {
  switch (op) {
    case ADJ_COPY: *y = a; break;
    case ADJ_ADD: *y = (double)a + (double)b; break;
    case ADJ_SUB: *y = (double)a - (double)b; break;
    case ADJ_MUL: *y = (double)a * (double)b; break;
    case ADJ_DIV: *y = a / b; break;
    case ADJ_FMA: *y = narrow ? (long double)(float)fma((double)a, (double)b, (double)c) : fma((double)a, (double)b, (double)c); break;
    case ADJ_STRONG_MUL: *y = a == 0 || b == 0 ? 0 : (double)a * (double)b; break;
    case ADJ_NEG: *y = -a; break;
    case ADJ_ABS: *y = fabsl(a); break;
    case ADJ_SIGN: *y = a > 0 ? 1 : a < 0 ? -1 : a; break;
    case ADJ_SQUARE: *y = (double)a * (double)a; break;
    case ADJ_RECIPROCAL: *y = 1 / a; break;
    case ADJ_MIN: *y = isnan(a) ? a : isnan(b) ? b : b < a ? b : a; break;
    case ADJ_MAX: *y = isnan(a) ? a : isnan(b) ? b : b > a ? b : a; break;
    case ADJ_SELECT: *y = truth(a) ? b : c; break;
    case ADJ_EQ: *y = a == b; break;
    case ADJ_NE: *y = a != b; break;
    case ADJ_LT: *y = a < b; break;
    case ADJ_LE: *y = a <= b; break;
    case ADJ_AND: *y = truth(a) && truth(b); break;
    case ADJ_OR: *y = truth(a) || truth(b); break;
    case ADJ_NOT: *y = !truth(a); break;
    case ADJ_IS_NAN: *y = isnan(a); break;
    case ADJ_IS_FINITE: *y = isfinite(a); break;
    case ADJ_FLOOR: *y = floorl(a); break;
    case ADJ_CEIL: *y = ceill(a); break;
    case ADJ_ROUND: *y = rintl(a); break;
    case ADJ_TRUNC: *y = truncl(a); break;
    case ADJ_REMAINDER:
      *y = python_mod((double)a, (double)b, narrow);
      break;
    case ADJ_FLOOR_DIV: {
      // In the type, step by step as Python does it.
      if (narrow) {
        float fa = (float)a, fb = (float)b, m = fmodf(fa, fb);
        if (m != 0 && (m < 0) != (fb < 0)) m += fb;
        float d = (fa - m) / fb;
        *y = fb == 0 ? fa / fb : d != 0 ? rintf(d) : copysignf(0, fa / fb);
      } else {
        double fa = (double)a, fb = (double)b, m = fmod(fa, fb);
        if (m != 0 && (m < 0) != (fb < 0)) m += fb;
        double d = (fa - m) / fb;
        *y = fb == 0 ? fa / fb : d != 0 ? rint(d) : copysign(0, fa / fb);
      }
      break;
    }
    case ADJ_SQRT: *y = sqrtl(a); break;
    case ADJ_RSQRT: *y = 1 / sqrtl(a); break;
    case ADJ_CBRT: *y = cbrtl(a); break;
    case ADJ_EXP: *y = expl(a); break;
    case ADJ_EXP2: *y = exp2l(a); break;
    case ADJ_EXPM1: *y = expm1l(a); break;
    case ADJ_LOG: *y = logl(a); break;
    case ADJ_LOG2: *y = log2l(a); break;
    case ADJ_LOG10: *y = log10l(a); break;
    case ADJ_LOG1P: *y = log1pl(a); break;
    case ADJ_SIN: *y = sinl(a); break;
    case ADJ_COS: *y = cosl(a); break;
    case ADJ_TAN: *y = tanl(a); break;
    case ADJ_ASIN: *y = asinl(a); break;
    case ADJ_ACOS: *y = acosl(a); break;
    case ADJ_ATAN: *y = atanl(a); break;
    case ADJ_ATAN2: *y = atan2l(a, b); break;
    case ADJ_SINH: *y = sinhl(a); break;
    case ADJ_COSH: *y = coshl(a); break;
    case ADJ_TANH: *y = tanhl(a); break;
    case ADJ_ASINH: *y = asinhl(a); break;
    case ADJ_ACOSH: *y = acoshl(a); break;
    case ADJ_ATANH: *y = atanhl(a); break;
    case ADJ_POW: *y = powl(a, b); break;
    case ADJ_HYPOT: *y = hypotl(a, b); break;
    case ADJ_ERF: *y = erfl(a); break;
    case ADJ_ERFC: *y = erfcl(a); break;
    case ADJ_LGAMMA: {
      int sign;
      *y = a == -INFINITY ? INFINITY : lgammal_r(a, &sign);
      break;
    }
    default: return false;
  }
  return true;
}

// Whether long double says more than double about this operation.
static bool exact_in_type(int op) { return op <= ADJ_REMAINDER && op != ADJ_DIV && op != ADJ_RECIPROCAL; }

// The distance of `got` from `want` + `rest` in ulps of the type at `want`.
static double ulps(double got, long double want, long double rest, bool narrow) {
  if (isnan(want)) return isnan(got) ? 0 : INFINITY;
  if (isnan(got)) return INFINITY;
  double rounded = narrow ? (double)(float)want : (double)want;
  if (isinf(rounded) || isinf(got)) {
    double top = narrow ? FLT_MAX : DBL_MAX;
    if (rounded == got) return 0;
    // Either may have fallen just over the edge.
    return fabsl(want) > top * 0.9999999L && fabs(got) >= top && (want < 0) == (got < 0) ? 1 : INFINITY;
  }
  if (got == 0 && rounded == 0) return signbit(got) == signbit(rounded) ? 0 : INFINITY;
  int exponent;
  frexpl(want, &exponent);
  int lowest = narrow ? -149 : -1074;
  int place = exponent - (narrow ? 24 : 53);
  return (double)(fabsl(((long double)got - want) - rest) / ldexpl(1, place < lowest ? lowest : place));
}

// Negative arguments of these are accurate in absolute terms near zeros; the test is then against the
// magnitude of the terms that cancel.
static double slack(int op, double a, double b) {
  if (op == ADJ_LGAMMA && a < 0) return fabs(a) + 4;
  if (op == ADJ_DIGAMMA && a < 0) return 4;
  if (op == ADJ_POLYGAMMA && b < 0) return 1;
  return 0;
}

// ---- Accuracy ----

static double special[] = {0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1.5, -1.5, 2.5, 0.1, 10.0, -10.0,
                           5e-324, -5e-324, 1e-310, -1e-310, 2.2250738585072014e-308, 1e-300, 1e-45, -1e-45, 1e-40, 1.1754944e-38, 1e300, -1e300,
                           1.7976931348623157e308, -1.7976931348623157e308, 3.4028234663852886e38, -3.4028234663852886e38, 1e30, 1e10, -1e10,
                           4503599627370495.5, 9007199254740991.0, 9007199254740993.0, 8388607.5, 16777215.0, 1e22, 0.9999999999999999, 1.0000000000000002, 0.99999994, 1.0000001, 709.78, 709.79, -745.13, -745.14, 88.72, 88.73, -103.97, -103.98, 710.47, 710.48, 89.41, 89.42,
                           3.141592653589793, 1.5707963267948966, 0.7853981633974483, 6.283185307179586, 1e5, 65537.0, 1048577.0, 26.5, 27.2, 27.3, 10.05, 9.3,
                           INFINITY, -INFINITY, NAN};
enum { SPECIALS = sizeof special / sizeof special[0] };

// A random number of a kind of its own for each operation, in the type.
static double draw(int op, int operand, bool narrow, int kind) {
  double top = narrow ? 127 : 1023, bottom = narrow ? -149 : -1074;
  double x;
  switch (op) {
    case ADJ_EXP: case ADJ_EXPM1: case ADJ_SINH: case ADJ_COSH:
      x = kind % 3 == 0 ? uniform(narrow ? -110 : -750, narrow ? 92 : 715) : kind % 3 == 1 ? uniform(-2, 2) : ldexp(uniform(-1, 1), (int)uniform(-60, 3));
      break;
    case ADJ_EXP2: x = kind & 1 ? uniform(narrow ? -155 : -1080, narrow ? 130 : 1030) : uniform(-3, 3); break;
    case ADJ_SIN: case ADJ_COS: case ADJ_TAN:
      x = kind % 4 == 0 ? uniform(-4, 4) : kind % 4 == 1 ? uniform(-1e3, 1e3) : kind % 4 == 2 ? uniform(-7e4, 7e4) : (double)below(60000) * 1.5707963267948966;
      if (kind % 64 == 5) x = ldexp(uniform(-1, 1), (int)uniform(bottom, top));
      break;
    case ADJ_ASIN: case ADJ_ACOS: case ADJ_ATANH: case ADJ_ERFINV:
      x = kind % 3 == 0 ? uniform(-1, 1) : kind % 3 == 1 ? (1 - ldexp(uniform(0, 1), (int)uniform(-50, 0))) * (kind & 1 ? 1 : -1) : ldexp(uniform(-1, 1), (int)uniform(-60, 0));
      break;
    case ADJ_TANH: case ADJ_ASINH: case ADJ_ATAN: case ADJ_ERF:
      x = kind % 3 == 0 ? uniform(-2, 2) : kind % 3 == 1 ? uniform(-25, 25) : ldexp(uniform(-1, 1), (int)uniform(bottom, top));
      break;
    case ADJ_ERFC: x = kind & 1 ? uniform(-7, 28) : uniform(-2, 4); break;
    case ADJ_ACOSH: x = kind & 1 ? 1 + ldexp(uniform(0, 1), (int)uniform(-52, 3)) : ldexp(uniform(1, 2), (int)uniform(0, top)); break;
    case ADJ_LOG1P: x = kind % 3 == 0 ? uniform(-1, 2) : kind % 3 == 1 ? ldexp(uniform(-1, 1), (int)uniform(-60, 1)) : ldexp(uniform(0, 1), (int)uniform(bottom, top)); break;
    case ADJ_LOG: case ADJ_LOG2: case ADJ_LOG10:
      x = kind & 1 ? uniform(0.4, 2.5) : ldexp(uniform(1, 2), (int)uniform(bottom, top));
      break;
    case ADJ_POW:
      if (operand == 0) x = kind % 3 == 0 ? uniform(0, 3) : kind % 3 == 1 ? ldexp(uniform(1, 2), (int)uniform(bottom, top)) : uniform(0.9, 1.1);
      else x = kind % 3 == 0 ? uniform(narrow ? -80 : -500, narrow ? 80 : 500) : kind % 3 == 1 ? uniform(-1.2, 1.2) : uniform(-1, 1) * (narrow ? 900 : 7400);
      break;
    case ADJ_LGAMMA: x = kind % 4 == 0 ? uniform(0, 4) : kind % 4 == 1 ? uniform(0, 30) : kind % 4 == 2 ? ldexp(uniform(0, 1), (int)uniform(-30, 100)) : uniform(-20, 0); break;
    case ADJ_ATAN2: case ADJ_HYPOT:
      x = kind % 3 == 0 ? uniform(-2, 2) : kind % 3 == 1 ? ldexp(uniform(-1, 1), (int)uniform(-8, 8)) : ldexp(uniform(-1, 1), (int)uniform(bottom, top));
      break;
    case ADJ_FLOOR_DIV: case ADJ_REMAINDER:
      x = kind % 3 == 0 ? uniform(-20, 20) : kind % 3 == 1 ? (double)(below(41) - 20) / 8 : ldexp(uniform(-1, 1), (int)uniform(-40, 40));
      break;
    default:
      x = kind % 3 == 0 ? uniform(-20, 20) : kind % 3 == 1 ? (double)(below(9) - 4) / 2 : ldexp(uniform(-1, 1), (int)uniform(bottom, top));
  }
  return narrow ? (float)x : x;
}

static void run_op(int op, adj_dtype dtype, int64_t n, const void *a, const void *b, const void *c, void *y) {
  adj_instruction code = {(uint16_t)op, 3, 0, 1, 2};
  adj_program p = {&code, 1, 3, 0, 0, 1};
  adj_view in[3] = {{(void *)a, {1}, dtype}, {(void *)b, {1}, dtype}, {(void *)c, {1}, dtype}};
  adj_view out = {y, {1}, dtype};
  adj_run(&p, dtype, 1, &n, in, NULL, &out, 0, n);
}

typedef struct worst {
  double error, a, b, got;
} worst;

static worst measure(int op, bool narrow, int64_t points) {
  worst w = {0, 0, 0, 0};
  enum { CHUNK = 997 };
  static double a[CHUNK], b[CHUNK], c[CHUNK], y[CHUNK];
  static float fa[CHUNK], fb[CHUNK], fc[CHUNK], fy[CHUNK];
  int n_args = arity(op);
  int64_t all = n_args == 1 ? SPECIALS : SPECIALS * SPECIALS;
  for (int64_t done = 0; done < points + all;) {
    int64_t n = points + all - done < CHUNK ? points + all - done : CHUNK;
    for (int64_t i = 0; i < n; i++) {
      int64_t at = done + i;
      if (at < all) {
        a[i] = special[at % SPECIALS];
        b[i] = special[at / SPECIALS % SPECIALS];
        c[i] = special[below(SPECIALS)];
      } else {
        a[i] = draw(op, 0, narrow, (int)below(1 << 20)), b[i] = draw(op, 1, narrow, (int)below(1 << 20)), c[i] = draw(op, 2, narrow, (int)below(1 << 20));
      }
      fa[i] = (float)a[i], fb[i] = (float)b[i], fc[i] = (float)c[i];
      if (narrow) a[i] = fa[i], b[i] = fb[i], c[i] = fc[i];
    }
    if (narrow) run_op(op, ADJ_F32, n, fa, fb, fc, fy);
    else run_op(op, ADJ_F64, n, a, b, c, y);
    for (int64_t i = 0; i < n; i++) {
      long double want;
      double got = narrow ? fy[i] : y[i];
      if (!reference(op, a[i], b[i], c[i], narrow, &want)) return w;
      double e;
      if (op == ADJ_FMA) {
        // One rounding or two.
        double two = narrow ? (double)(float)((float)(a[i] * b[i]) + fc[i]) : a[i] * b[i] + c[i];
        e = (isnan(got) && isnan(two)) || got == (double)want || got == two || (narrow && got == (double)(float)two) ? 0 : INFINITY;
        if (e != 0 && narrow) e = ulps(got, (long double)a[i] * b[i] + c[i], 0, true) <= 0.5001 ? 0 : e;
        if (e != 0 && fabs(got) > (narrow ? FLT_MAX : DBL_MAX)) e = 0;
      } else if (exact_in_type(op)) {
        double rounded = narrow ? (double)(float)want : (double)want;
        e = (isnan(got) && isnan(rounded)) || (got == rounded && (got != 0 || op == ADJ_MIN || op == ADJ_MAX || signbit(got) == signbit(rounded))) ? 0 : INFINITY;
      } else {
        e = ulps(got, want, 0, narrow);
        double s = slack(op, a[i], b[i]);
        if (s > 0 && isfinite(e)) {
          double absolute = (double)fabsl(got - want) / (s * (narrow ? 0x1p-23 : 0x1p-52));
          if (absolute < e) e = absolute;
        }
      }
      if (e > w.error) w = (worst){e, a[i], b[i], got};
    }
    done += n;
  }
  return w;
}

// The table of reference.h, for both types where the arguments are float32.
static worst measure_table(int op, bool narrow) {
  worst w = {0, 0, 0, 0};
  for (size_t i = 0; i < sizeof reference_table / sizeof reference_table[0]; i++) {
    const reference_point *p = &reference_table[i];
    if (p->op != op) continue;
    double a = p->a, b = p->b, y, c = 0;
    if (narrow) {
      float fa = (float)a, fb = (float)b, fc = 0, fy;
      if ((double)fa != a || (double)fb != b) continue;
      run_op(op, ADJ_F32, 1, &fa, &fb, &fc, &fy);
      y = fy;
    } else {
      run_op(op, ADJ_F64, 1, &a, &b, &c, &y);
    }
    int exponent;
    frexp(p->value, &exponent);
    double rest = p->rest * ldexp(1, exponent - 53 < -1074 ? -1074 : exponent - 53);
    double e = ulps(y, p->value, rest, narrow);
    double s = slack(op, a, b);
    if (s > 0 && isfinite(e)) {
      double absolute = fabs(y - p->value) / (s * (narrow ? 0x1p-23 : 0x1p-52));
      if (absolute < e) e = absolute;
    }
    if (e > w.error) w = (worst){e, a, b, y};
  }
  return w;
}

static const char *const isas[] = {"avx512", "avx2", "portable"};

static void check_accuracy(int64_t points) {
  printf("%-12s", "max ulp");
  for (int t = 0; t < 2; t++)
    for (int i = 0; i < 3; i++) printf(" %8s/%s", isas[i], t ? "64" : "32");
  printf("  bound32 bound64\n");
  for (int op = 0; op < ADJ_OP_COUNT; op++) {
    printf("%-12s", names[op]);
    char trouble[2000] = "";
    for (int t = 0; t < 2; t++)
      for (int i = 0; i < 3; i++) {
        if (!adj_isa_select(isas[i])) {
          printf(" %11s", "-");
          continue;
        }
        state = 0x9e3779b97f4a7c15ull;
        worst w = {0, 0, 0, 0};
        if (LDBL_MANT_DIG > 60) w = measure(op, t == 0, points);
        worst v = measure_table(op, t == 0);
        if (v.error > w.error) w = v;
        printf(" %11.3f", w.error);
        if (w.error > adj_ulp_bound(op, t == 0 ? ADJ_F32 : ADJ_F64) + 1e-3) {
          failures++;
          size_t used = strlen(trouble);
          snprintf(trouble + used, sizeof trouble - used, "    FAIL %s f%d %s: %.3f ulp at %a (%.17g), %a (%.17g): %.17g\n", isas[i], t ? 64 : 32,
                   names[op], w.error, w.a, w.a, w.b, w.b, w.got);
        }
      }
    printf("  %7.1f %7.1f\n%s", adj_ulp_bound(op, ADJ_F32), adj_ulp_bound(op, ADJ_F64), trouble);
  }
}
#include "pointwise_programs.h"

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "all";
  double factor = argc > 2 ? atof(argv[2]) : 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *before = adj_isa_name();
  if (!strcmp(what, "all") || !strcmp(what, "accuracy")) check_accuracy((int64_t)(100000 * factor));
  if (!strcmp(what, "all") || !strcmp(what, "programs")) check_programs((int64_t)(20000 * factor));
  if (!strcmp(what, "speed")) measure_speed();
  adj_isa_select(before);
  printf(failures ? "%d FAILED\n" : "all passed\n", failures);
  return failures != 0;
}
