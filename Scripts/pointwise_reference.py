#!/usr/bin/env python3
"""Writes Tests/KernelChecks/reference.h: values of the pointwise operations, to about 63 bits.

Each entry holds the operation, its arguments, the value rounded to float64 and what the rounding left,
in ulps of the value. Needs mpmath.
"""
import math
import random
import struct
import sys
from mpmath import mp, mpf

mp.dps = 60
random.seed(20)
POINTS = 160


def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if abs(x) < 1000 else mp.loggamma(x)


def polygamma(n, x):
    return mp.polygamma(int(n), x)


def erfinv(x):
    if abs(x) < 0.99:
        return mp.erfinv(x)
    s, c = mp.sign(x), 1 - abs(x)
    guess = mp.sqrt(-mp.log(c))
    return s * mp.findroot(lambda t: mp.log(mp.erfc(t)) - mp.log(c), (guess * mpf("0.85"), guess))


def uniform(a, b):
    return lambda: random.uniform(a, b)


def powers(a, b, signed=True):
    """Numbers of magnitudes 2^a to 2^b."""
    return lambda: math.ldexp(random.uniform(1, 2), random.randint(a, b)) * (random.choice((1, -1)) if signed else 1)


def near(centre, a, b):
    return lambda: centre + math.ldexp(random.uniform(-1, 1), random.randint(a, b))


def multiples(step, count):
    """Floating-point numbers next to multiples of a number, where reductions cancel."""
    return lambda: float(random.randint(1, count) * step)


OPS = [
    ("RSQRT", lambda x: 1 / mp.sqrt(x), [powers(-1074, 1022, False)]),
    ("CBRT", lambda x: mp.sign(x) * mp.cbrt(abs(x)), [powers(-1074, 1022)]),
    ("EXP", mp.exp, [uniform(-745, 709), uniform(-2, 2), powers(-40, -1)]),
    ("EXP2", lambda x: mpf(2) ** x, [uniform(-1074, 1023), uniform(-2, 2), powers(-40, -1)]),
    ("EXPM1", mp.expm1, [uniform(-50, 709), uniform(-1.5, 1.5), powers(-60, -1)]),
    ("LOG", mp.log, [powers(-1074, 1022, False), uniform(0.4, 2.4), near(1, -40, -2)]),
    ("LOG2", lambda x: mp.log(x, 2), [powers(-1074, 1022, False), uniform(0.4, 2.4), near(1, -40, -2)]),
    ("LOG10", lambda x: mp.log(x, 10), [powers(-1074, 1022, False), uniform(0.4, 2.4), near(1, -40, -2)]),
    ("LOG1P", mp.log1p, [powers(-60, 1022, False), uniform(-0.99, 2), powers(-60, -2)]),
    ("SIN", mp.sin, [uniform(-4, 4), uniform(-6e4, 6e4), powers(-30, 1000), multiples(math.pi / 2, 30000)]),
    ("COS", mp.cos, [uniform(-4, 4), uniform(-6e4, 6e4), powers(-30, 1000), multiples(math.pi / 2, 30000)]),
    ("TAN", mp.tan, [uniform(-4, 4), uniform(-6e4, 6e4), powers(-30, 1000), multiples(math.pi / 2, 30000)]),
    ("ASIN", mp.asin, [uniform(-1, 1), powers(-40, -1)]),
    ("ACOS", mp.acos, [uniform(-1, 1), powers(-40, -1), lambda: 1 - math.ldexp(random.random(), -random.randint(1, 40))]),
    ("ATAN", mp.atan, [uniform(-4, 4), powers(-60, 60)]),
    ("SINH", mp.sinh, [uniform(-710, 710), uniform(-2, 2), powers(-40, -1)]),
    ("COSH", mp.cosh, [uniform(-710, 710), uniform(-2, 2)]),
    ("TANH", mp.tanh, [uniform(-20, 20), uniform(-1, 1), powers(-40, -1)]),
    ("ASINH", mp.asinh, [uniform(-4, 4), powers(-40, 1022)]),
    ("ACOSH", mp.acosh, [uniform(1, 4), powers(0, 1022, False), lambda: 1 + math.ldexp(random.random(), -random.randint(1, 40))]),
    ("ATANH", mp.atanh, [uniform(-1, 1), powers(-40, -1)]),
    ("ERF", mp.erf, [uniform(-6, 6), uniform(-1, 1), powers(-60, -1)]),
    ("ERFC", mp.erfc, [uniform(-6, 27), uniform(-1, 2), powers(-40, -1)]),
    ("ERFINV", erfinv, [uniform(-1, 1), powers(-40, -1), lambda: 1 - math.ldexp(random.random(), -random.randint(1, 52))]),
    ("LGAMMA", lgamma, [uniform(0, 10), powers(-60, 100, False), near(1, -40, -2), near(2, -40, -2), uniform(-9, 0)]),
    ("DIGAMMA", mp.digamma, [uniform(0, 15), powers(-60, 100, False), near(1.4616321449683623, -40, -2), uniform(-9, 0)]),
]
PAIRS = [
    ("POW", lambda x, y: x ** y, [(uniform(0, 3), uniform(-500, 500)), (powers(-1070, 1000, False), uniform(-0.9, 0.9)),
                                  (uniform(0.99, 1.01), uniform(-60000, 60000)), (uniform(0, 4), uniform(-3, 3))]),
    ("ATAN2", lambda y, x: mp.atan2(y, x), [(uniform(-2, 2), uniform(-2, 2)), (powers(-30, 30), powers(-30, 30))]),
    ("HYPOT", lambda x, y: mp.sqrt(x * x + y * y), [(uniform(-2, 2), uniform(-2, 2)), (powers(-1000, 1000), powers(-1000, 1000))]),
    ("POLYGAMMA", polygamma, [(lambda: float(random.randint(1, 3)), uniform(0, 20)), (lambda: float(random.randint(1, 20)), uniform(0.1, 40)),
                              (lambda: float(random.randint(1, 4)), uniform(-5, 0)), (lambda: float(random.randint(20, 60)), uniform(1, 30))]),
]


def to_float32(x):
    if abs(x) > 3.4e38:
        return math.inf
    return struct.unpack("f", struct.pack("f", x))[0]


def entry(name, arguments, value):
    if not value.imag == 0:
        return None
    value = value.real if hasattr(value, "real") else value
    rounded = float(value)
    if math.isinf(rounded) or rounded == 0:
        return None
    exponent = math.frexp(rounded)[1]
    ulp = mpf(2) ** max(exponent - 53, -1074)
    rest = float((value - mpf(rounded)) / ulp)
    a, b = (arguments + (0.0,))[:2]
    return f"    {{ADJ_{name}, {a.hex()}, {b.hex()}, {rounded.hex()}, {rest:.4f}}},"


def main(path):
    lines = []
    for name, f, draws in OPS + PAIRS:
        for i in range(POINTS):
            draw = draws[i % len(draws)]
            arguments = tuple(d() for d in draw) if isinstance(draw, tuple) else (draw(),)
            if (i // len(draws)) % 2:  # half of them fit float32
                short = tuple(to_float32(a) for a in arguments)
                if all(a != 0 and math.isfinite(a) for a in short):
                    arguments = short
            if any(abs(a) == 1 or a == 0 for a in arguments[:1]) and name != "POLYGAMMA":
                continue
            try:
                value = mpf(f(*(mpf(a) for a in arguments)))
            except (ValueError, ZeroDivisionError, TypeError, OverflowError):
                continue
            line = entry(name, arguments, value)
            if line:
                lines.append(line)
    with open(path, "w") as file:
        file.write("// Reference values. Written by Scripts/pointwise_reference.py.\n"
                   "typedef struct reference_point {\n  int op;\n  double a, b;\n"
                   "  double value, rest;  // the value is value + rest ulps\n} reference_point;\n\n"
                   "static const reference_point reference_table[] = {\n" + "\n".join(lines) + "\n};\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "Tests/KernelChecks/reference.h")
