// The table of this instruction set's kernels.

#define FLOAT_KERNELS(F) \
  [ADJ_COPY] = F##_kernel_copy, [ADJ_ADD] = F##_kernel_add, [ADJ_SUB] = F##_kernel_sub,            \
  [ADJ_MUL] = F##_kernel_mul, [ADJ_DIV] = F##_kernel_div, [ADJ_FMA] = F##_kernel_fma,              \
  [ADJ_STRONG_MUL] = F##_kernel_strong_mul, [ADJ_NEG] = F##_kernel_neg,                            \
  [ADJ_ABS] = F##_kernel_abs, [ADJ_SIGN] = F##_kernel_sign, [ADJ_SQUARE] = F##_kernel_square,      \
  [ADJ_RECIPROCAL] = F##_kernel_reciprocal, [ADJ_MIN] = F##_kernel_min,                            \
  [ADJ_MAX] = F##_kernel_max, [ADJ_SELECT] = F##_kernel_select, [ADJ_EQ] = F##_kernel_eq,          \
  [ADJ_NE] = F##_kernel_ne, [ADJ_LT] = F##_kernel_lt, [ADJ_LE] = F##_kernel_le,                    \
  [ADJ_AND] = F##_kernel_and, [ADJ_OR] = F##_kernel_or, [ADJ_NOT] = F##_kernel_not,                \
  [ADJ_IS_NAN] = F##_kernel_is_nan, [ADJ_IS_FINITE] = F##_kernel_is_finite,                        \
  [ADJ_FLOOR] = F##_kernel_floor, [ADJ_CEIL] = F##_kernel_ceil, [ADJ_ROUND] = F##_kernel_round,    \
  [ADJ_TRUNC] = F##_kernel_trunc, [ADJ_FLOOR_DIV] = F##_kernel_floor_div,                          \
  [ADJ_REMAINDER] = F##_kernel_remainder, [ADJ_SQRT] = F##_kernel_sqrt,                            \
  [ADJ_RSQRT] = F##_kernel_rsqrt, [ADJ_CBRT] = F##_kernel_cbrt, [ADJ_EXP] = F##_kernel_exp,        \
  [ADJ_EXP2] = F##_kernel_exp2, [ADJ_EXPM1] = F##_kernel_expm1, [ADJ_LOG] = F##_kernel_log,        \
  [ADJ_LOG2] = F##_kernel_log2, [ADJ_LOG10] = F##_kernel_log10, [ADJ_LOG1P] = F##_kernel_log1p,    \
  [ADJ_SIN] = F##_kernel_sin, [ADJ_COS] = F##_kernel_cos, [ADJ_TAN] = F##_kernel_tan,              \
  [ADJ_ASIN] = F##_kernel_asin, [ADJ_ACOS] = F##_kernel_acos, [ADJ_ATAN] = F##_kernel_atan,        \
  [ADJ_ATAN2] = F##_kernel_atan2, [ADJ_SINH] = F##_kernel_sinh, [ADJ_COSH] = F##_kernel_cosh,      \
  [ADJ_TANH] = F##_kernel_tanh, [ADJ_ASINH] = F##_kernel_asinh, [ADJ_ACOSH] = F##_kernel_acosh,    \
  [ADJ_ATANH] = F##_kernel_atanh, [ADJ_POW] = F##_kernel_pow, [ADJ_HYPOT] = F##_kernel_hypot,      \
  [ADJ_ERF] = F##_kernel_erf, [ADJ_ERFC] = F##_kernel_erfc, [ADJ_ERFINV] = F##_kernel_erfinv,      \
  [ADJ_LGAMMA] = F##_kernel_lgamma, [ADJ_DIGAMMA] = F##_kernel_digamma,                            \
  [ADJ_POLYGAMMA] = F##_kernel_polygamma

#define CONVERSIONS(what, F) \
  {what##_##F##_f32, what##_##F##_f64, what##_##F##_i32, what##_##F##_i64, what##_##F##_u8, what##_##F##_bool}

#define REDUCTION_KERNELS(how, F) {F##_##how##_sum, F##_##how##_prod, F##_##how##_max, F##_##how##_min}

HIDDEN const adj_kernels TABLE = {
    .name = ISA_NAME,
    .op = {
        {FLOAT_KERNELS(f32)},
        {FLOAT_KERNELS(f64)},
        {
            [ADJ_COPY] = i64_kernel_copy, [ADJ_ADD] = i64_kernel_add, [ADJ_SUB] = i64_kernel_sub,
            [ADJ_MUL] = i64_kernel_mul, [ADJ_DIV] = adj_no_kernel, [ADJ_FMA] = i64_kernel_fma,
            [ADJ_STRONG_MUL] = i64_kernel_mul, [ADJ_NEG] = i64_kernel_neg, [ADJ_ABS] = i64_kernel_abs,
            [ADJ_SIGN] = i64_kernel_sign, [ADJ_SQUARE] = i64_kernel_square,
            [ADJ_RECIPROCAL] = adj_no_kernel, [ADJ_MIN] = i64_kernel_min, [ADJ_MAX] = i64_kernel_max,
            [ADJ_SELECT] = i64_kernel_select, [ADJ_EQ] = i64_kernel_eq, [ADJ_NE] = i64_kernel_ne,
            [ADJ_LT] = i64_kernel_lt, [ADJ_LE] = i64_kernel_le, [ADJ_AND] = i64_kernel_and,
            [ADJ_OR] = i64_kernel_or, [ADJ_NOT] = i64_kernel_not, [ADJ_IS_NAN] = adj_no_kernel,
            [ADJ_IS_FINITE] = adj_no_kernel, [ADJ_FLOOR] = i64_kernel_copy, [ADJ_CEIL] = i64_kernel_copy,
            [ADJ_ROUND] = i64_kernel_copy, [ADJ_TRUNC] = i64_kernel_copy,
            [ADJ_FLOOR_DIV] = i64_kernel_floor_div, [ADJ_REMAINDER] = i64_kernel_remainder,
            [ADJ_SQRT] = adj_no_kernel, [ADJ_RSQRT] = adj_no_kernel, [ADJ_CBRT] = adj_no_kernel,
            [ADJ_EXP] = adj_no_kernel, [ADJ_EXP2] = adj_no_kernel, [ADJ_EXPM1] = adj_no_kernel,
            [ADJ_LOG] = adj_no_kernel, [ADJ_LOG2] = adj_no_kernel, [ADJ_LOG10] = adj_no_kernel,
            [ADJ_LOG1P] = adj_no_kernel, [ADJ_SIN] = adj_no_kernel, [ADJ_COS] = adj_no_kernel,
            [ADJ_TAN] = adj_no_kernel, [ADJ_ASIN] = adj_no_kernel, [ADJ_ACOS] = adj_no_kernel,
            [ADJ_ATAN] = adj_no_kernel, [ADJ_ATAN2] = adj_no_kernel, [ADJ_SINH] = adj_no_kernel,
            [ADJ_COSH] = adj_no_kernel, [ADJ_TANH] = adj_no_kernel, [ADJ_ASINH] = adj_no_kernel,
            [ADJ_ACOSH] = adj_no_kernel, [ADJ_ATANH] = adj_no_kernel, [ADJ_POW] = i64_kernel_pow,
            [ADJ_HYPOT] = adj_no_kernel, [ADJ_ERF] = adj_no_kernel, [ADJ_ERFC] = adj_no_kernel,
            [ADJ_ERFINV] = adj_no_kernel, [ADJ_LGAMMA] = adj_no_kernel, [ADJ_DIGAMMA] = adj_no_kernel,
            [ADJ_POLYGAMMA] = adj_no_kernel,
        },
    },
    .gather = {CONVERSIONS(gather, f32), CONVERSIONS(gather, f64), CONVERSIONS(gather, i64)},
    .scatter = {CONVERSIONS(scatter, f32), CONVERSIONS(scatter, f64), CONVERSIONS(scatter, i64)},
    .rows = {REDUCTION_KERNELS(rows, f32), REDUCTION_KERNELS(rows, f64), REDUCTION_KERNELS(rows, i64)},
    .columns = {REDUCTION_KERNELS(columns, f32), REDUCTION_KERNELS(columns, f64),
                REDUCTION_KERNELS(columns, i64)},
};
