#!/usr/bin/env python3
"""Writes Sources/CKernels/Pointwise/coefficients.h: the polynomials of the pointwise kernels.

Each polynomial is fitted by weighted least squares on Chebyshev points (close to minimax), in
multiple precision. Coefficients are rounded one at a time, lowest degree first, and the remaining
ones refitted, so that rounding costs next to nothing. Needs mpmath.
"""
import struct
import sys
from mpmath import mp, mpf, matrix

mp.dps = 70


def to_float32(x):
    """x rounded to float32, through float64 (the double rounding is harmless here)."""
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def to_float64(x):
    return mpf(float(x))


def fit(f, a, b, n, weight, rounding):
    """n coefficients of a polynomial near f on [a, b], and its largest weighted error."""
    a, b = mpf(a), mpf(b)
    m = 3 * n + 12
    xs = [(a + b) / 2 + (b - a) / 2 * mp.cos((2 * i + 1) * mp.pi / (2 * m)) for i in range(m)]
    ws = [mpf(weight(x)) for x in xs]
    fs = [mpf(f(x)) for x in xs]
    powers = [[mpf(1)] for _ in xs]
    for p, x in zip(powers, xs):
        for _ in range(n - 1):
            p.append(p[-1] * x)
    fixed = []
    while len(fixed) < n:
        k = len(fixed)
        rest = [fi - sum(c * p[j] for j, c in enumerate(fixed)) for fi, p in zip(fs, powers)]
        size = n - k
        normal = matrix(size, size)
        right = matrix(size, 1)
        w2 = [w * w for w in ws]
        for i in range(size):
            for j in range(i, size):
                s = mp.fsum(w * p[k + i] * p[k + j] for w, p in zip(w2, powers))
                normal[i, j] = s
                normal[j, i] = s
            right[i] = mp.fsum(w * p[k + i] * r for w, p, r in zip(w2, powers, rest))
        solution = mp.lu_solve(normal, right)
        fixed.append(rounding(solution[0]))
    error = max(abs(w * (sum(c * p[j] for j, c in enumerate(fixed)) - fi))
                for w, p, fi in zip(ws, powers, fs))
    return fixed, error


def safe(f, limit):
    """f with its removable singularity at 0 filled in."""
    return lambda x: limit if abs(x) < mpf(10) ** -25 else f(x)


def odd(f, third):
    """(f(x) - x) / x**3 as a function of z = x * x."""
    def g(z):
        if z < mpf(10) ** -20:
            return third
        x = mp.sqrt(z)
        return (f(x) - x) / x ** 3
    return g


def odd_weight(f):
    def w(z):
        x = mp.sqrt(abs(z)) + mpf(10) ** -20
        return x ** 3 / f(x)
    return w


def cos_tail(z):
    if z < mpf(10) ** -15:
        return mpf(1) / 24
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z ** 2


def log_s(z):
    """(log((1 + s) / (1 - s)) / s - 2) / z with z = s * s."""
    if z < mpf(10) ** -20:
        return mpf(2) / 3
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z


def log_s2(z):
    if z < mpf(10) ** -12:
        return mpf(2) / 5 + z * 2 / 7
    return (log_s(z) - mpf(2) / 3) / z


def log_f(f):
    if abs(f) < mpf(10) ** -12:
        return mpf(1) / 3 - f / 4
    return (mp.log1p(f) - f + f * f / 2) / f ** 3


def log_f_weight(f):
    return abs(f ** 3 / mp.log1p(f)) if abs(f) > mpf(10) ** -12 else f * f


quarter_pi2 = (mp.pi / 4 + mpf(1) / 1000) ** 2
half_log2 = mp.log(2) / 2 * mpf("1.001")
log_z = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.001")
root = mp.findroot(lambda x: mp.digamma(x), mpf("1.4616321449683623"))

# Three keeps the coefficients small (no cancellation in Horner's rule).
ERFCX_K = mpf(3)


def erfcx_u(u):
    x = 1 / u - ERFCX_K
    return mp.erfc(x) * mp.exp(x * x) / u


def erfinv_w(w):
    """erfinv(x) / x where w = -log(1 - x * x)."""
    if w < mpf(10) ** -20:
        return mp.sqrt(mp.pi) / 2
    return erfinv_precise(w) / mp.sqrt(-mp.expm1(-w))


def erfinv_precise(w):
    x = mp.sqrt(-mp.expm1(-w))
    c = mp.exp(-w) / (1 + x)  # 1 - x
    y = mp.sqrt(w) if w > 1 else x
    if w < 1:
        return mp.erfinv(x)
    return mp.findroot(lambda t: mp.log(mp.erfc(t)) - mp.log(c), (mp.sqrt(w) * mpf("0.9"), mp.sqrt(w)))


def sinpi_over(z):
    r = mp.sqrt(z)
    return mp.pi if r == 0 else mp.sin(mp.pi * r) / r


one = lambda x: mpf(1)

# name, function, from, to, weight, coefficients in float32 and float64 (0: not needed)
TABLE = [
    ("EXP", "exp(r) = 1 + r + r^2 P(r)", safe(lambda r: (mp.expm1(r) - r) / r ** 2, mpf(1) / 2),
     -half_log2, half_log2, lambda r: r * r + mpf(10) ** -30, 5, 10),
    ("EXPM1", "expm1(r) = r + r^2 P(r)", safe(lambda r: (mp.expm1(r) - r) / r ** 2, mpf(1) / 2),
     -half_log2, half_log2, lambda r: abs(r) + mpf(10) ** -30, 6, 11),
    ("EXP2", "2^r = 1 + r P(r)", safe(lambda r: mp.expm1(r * mp.log(2)) / r, mp.log(2)),
     -0.5005, 0.5005, lambda r: abs(r) + mpf(10) ** -30, 6, 12),
    ("LOG_S", "log((1 + s) / (1 - s)) = 2 s + s z P(z), z = s^2", log_s, 0, log_z, lambda z: z + mpf(10) ** -9, 0, 7),
    ("LOG_F", "log(1 + f) = f - f^2 / 2 + f^3 P(f)", log_f, mp.sqrt(mpf(1) / 2) - 1 - mpf(1) / 1000,
     mp.sqrt(2) - 1 + mpf(1) / 1000, log_f_weight, 9, 0),
    ("LOG_POW", "log((1 + s) / (1 - s)) = 2 s + 2/3 s^3 + s^5 P(z), z = s^2", log_s2, 0, log_z,
     lambda z: z ** 2 + mpf(10) ** -9, 4, 9),
    ("SIN", "sin r = r + r^3 P(z), z = r^2, |r| < pi/4", odd(mp.sin, -mpf(1) / 6), 0, quarter_pi2,
     odd_weight(mp.sin), 3, 6),
    ("COS", "cos r = 1 - z/2 + z^2 P(z), z = r^2, |r| < pi/4", cos_tail, 0, quarter_pi2,
     lambda z: z ** 2 + mpf(10) ** -9, 3, 6),
    ("ASIN", "asin x = x + x^3 P(z), z = x^2 <= 1/4", odd(mp.asin, mpf(1) / 6), 0, mpf("0.2501"),
     odd_weight(mp.asin), 6, 13),
    ("ATAN", "atan t = t + t^3 P(z), |t| <= 7/16", odd(mp.atan, -mpf(1) / 3), 0, mpf("0.1916"),
     odd_weight(mp.atan), 5, 11),
    ("SINH", "sinh x = x + x^3 P(z), |x| <= 1", odd(mp.sinh, mpf(1) / 6), 0, mpf("1.001"),
     odd_weight(mp.sinh), 4, 8),
    ("TANH", "tanh x = x + x^3 P(z), |x| <= 5/8", odd(mp.tanh, -mpf(1) / 3), 0, mpf("0.391"),
     odd_weight(mp.tanh), 6, 12),
    ("ASINH", "asinh x = x + x^3 P(z), |x| <= 1/2", odd(mp.asinh, -mpf(1) / 6), 0, mpf("0.2501"),
     odd_weight(mp.asinh), 6, 12),
    ("ATANH", "atanh x = x + x^3 P(z), |x| <= 1/2", odd(mp.atanh, mpf(1) / 3), 0, mpf("0.2501"),
     odd_weight(mp.atanh), 6, 14),
    ("ERF", "erf x = x + x P(z), |x| <= 1", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1 if z > mpf(10) ** -20
     else 2 / mp.sqrt(mp.pi) - 1, 0, mpf("1.001"), one, 7, 13),
    ("ERFCX", "erfc(x) exp(x^2) = u P(u), u = 1 / (x + 3), x >= 1/2", None, None, None, None, 10, 22),
    ("CBRT", "m^(-1/3) = P(m - 1), sqrt(1/2) <= m <= sqrt(2)", lambda t: (t + 1) ** (-mpf(1) / 3), -0.294, 0.416, one, 4, 6),
    ("SINPI", "sin(pi r) = r P(r^2), |r| <= 1/2", sinpi_over, 0, mpf("0.2505"), one, 0, 10),
    ("COSPI", "cos(pi r) = P(r^2), |r| <= 1/4", lambda z: mp.cos(mp.pi * mp.sqrt(z)), 0, mpf("0.0627"), one, 0, 8),
    ("LGAMMA", "lgamma(2 + e) = e P(e), |e| <= 1/2", safe(lambda e: mp.loggamma(2 + e) / e, 1 - mp.euler),
     -0.5005, 0.5005, one, 0, 19),
    ("DIGAMMA", "digamma(x) = (x - root) P(x - 1.5), 1 <= x <= 2",
     lambda t: mp.digamma(t + mpf(3) / 2) / (t + mpf(3) / 2 - root), -0.5005, 0.5005, one, 0, 22),
    ("ERFINV_A", "erfinv(x) = x P(w - 3), w = -log(1 - x^2) <= 6", lambda t: erfinv_w(t + 3), -3, 3.001, one, 0, 23),
    ("ERFINV_B", "erfinv(x) = x P(sqrt(w) - 3.25), 6 <= w <= 16",
     lambda t: erfinv_w((t + mpf("3.25")) ** 2), mpf("-0.805"), mpf("0.76"), one, 0, 19),
    ("ERFINV_C", "erfinv(x) = x P(sqrt(w) - 5), w >= 16",
     lambda t: erfinv_w((t + 5) ** 2), mpf("-1.005"), mpf("1.11"), one, 0, 19),
]


def main(path):
    out = ["// Polynomial coefficients, lowest degree first. Written by Scripts/pointwise_coefficients.py.",
           "#ifndef ADJ_POINTWISE_COEFFICIENTS_H", "#define ADJ_POINTWISE_COEFFICIENTS_H", ""]
    for name, what, f, a, b, weight, n32, n64 in TABLE:
        for kind, n, rounding in (("f32", n32, to_float32), ("f64", n64, to_float64)):
            if n == 0:
                continue
            if name == "ERFCX":
                k = ERFCX_K
                top = mpf(28) if kind == "f64" else mpf("10.2")
                g, lo, hi = erfcx_u, 1 / (top + k), 1 / (mpf("0.499") + k)
                weight = lambda u: 1 / g(u)
            else:
                g, lo, hi = f, a, b
            coefficients, error = fit(g, lo, hi, n, weight, rounding)
            bits = -mp.log(error, 2)
            print(f"{kind} {name:10} {n:3} coefficients, error 2^-{mp.nstr(bits, 4)}", file=sys.stderr)
            out.append(f"// {what}; error 2^-{mp.nstr(bits, 3)}")
            suffix = "f" if kind == "f32" else ""
            body = ", ".join(float(c).hex() + suffix for c in coefficients)
            line = f"static const {'float' if kind == 'f32' else 'double'} {kind}_{name}[{n}] = {{"
            text, column = [], 100
            for item in body.split(", "):
                if column + len(item) + 2 > 100:
                    text.append("\n    ")
                    column = 4
                else:
                    text.append(" ")
                    column += 1
                text.append(item + ",")
                column += len(item) + 1
            out.append(line + "".join(text) + "\n};")
    r1 = float(root)
    r2 = float(root - mpf(r1))
    out += ["", "// The positive root of digamma, in two parts.",
            f"#define DIGAMMA_ROOT {r1.hex()}", f"#define DIGAMMA_ROOT_LOW {r2.hex()}", "", "#endif", ""]
    with open(path, "w") as file:
        file.write("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "Sources/CKernels/Pointwise/coefficients.h")
