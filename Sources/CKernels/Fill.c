// Fills, ranges and the search for values that are not finite.
#include "Convert.h"
#include "include/adj_memory.h"
#include <string.h>

// Multiplication and addition round one by one, so that a range is the same on every machine.
#pragma STDC FP_CONTRACT OFF

void adj_fill(void *dst, adj_dtype dtype, int64_t count, adj_scalar value) {
  if (count <= 0) return;
  uint64_t bits;
  switch (dtype) {
  case ADJ_F32: {
    float x = (float)value.f;
    uint32_t word;
    memcpy(&word, &x, 4);
    bits = word;
    break;
  }
  case ADJ_F64: memcpy(&bits, &value.f, 8); break;
  case ADJ_BOOL: bits = value.i != 0; break;
  default: bits = (uint64_t)value.i; break;
  }
  switch (adj_element_size(dtype)) {
  case 1: memset(dst, (int)(bits & 255), (size_t)count); break;
  case 4:
    if ((uint32_t)bits == 0) {
      memset(dst, 0, (size_t)count * 4);
    } else {
      uint32_t *d = dst, word = (uint32_t)bits;
      for (int64_t i = 0; i < count; i++) d[i] = word;
    }
    break;
  default:
    if (bits == 0) {
      memset(dst, 0, (size_t)count * 8);
    } else {
      uint64_t *d = dst;
      for (int64_t i = 0; i < count; i++) d[i] = bits;
    }
  }
}

void adj_fill_rows(void *dst, int64_t rows, int64_t stride, const void *row, int64_t bytes) {
  if (rows <= 0 || bytes <= 0) return;
  if (stride != bytes) {
    for (int64_t i = 0; i < rows; i++) memcpy((char *)dst + i * stride, row, (size_t)bytes);
    return;
  }
  // Copies of copies, up to what the first-level cache holds.
  int64_t size = rows * bytes, filled = bytes, most = bytes > 8192 ? bytes : 8192 / bytes * bytes;
  memcpy(dst, row, (size_t)bytes);
  while (filled < size) {
    int64_t length = filled < most ? filled : most;
    if (length > size - filled) length = size - filled;
    memcpy((char *)dst + filled, dst, (size_t)length);
    filled += length;
  }
}

void adj_arange(void *dst, adj_dtype dtype, int64_t count, adj_scalar start, adj_scalar step) {
  // Integers wrap, in unsigned arithmetic where that is defined.
  uint64_t first = (uint64_t)start.i, increment = (uint64_t)step.i;
  switch (dtype) {
  case ADJ_F32:
    for (int64_t i = 0; i < count; i++) ((float *)dst)[i] = (float)(start.f + (double)i * step.f);
    break;
  case ADJ_F64:
    for (int64_t i = 0; i < count; i++) ((double *)dst)[i] = start.f + (double)i * step.f;
    break;
  case ADJ_I32:
    for (int64_t i = 0; i < count; i++) ((uint32_t *)dst)[i] = (uint32_t)(first + (uint64_t)i * increment);
    break;
  case ADJ_I64:
    for (int64_t i = 0; i < count; i++) ((uint64_t *)dst)[i] = first + (uint64_t)i * increment;
    break;
  case ADJ_U8:
    for (int64_t i = 0; i < count; i++) ((uint8_t *)dst)[i] = (uint8_t)(first + (uint64_t)i * increment);
    break;
  case ADJ_BOOL:
    for (int64_t i = 0; i < count; i++) ((uint8_t *)dst)[i] = first + (uint64_t)i * increment != 0;
    break;
  }
}

// A float is finite unless its exponent's bits are all ones. Blocks are tested without branches.
#define FIRST_NONFINITE(NAME, T, EXPONENT) \
  static int64_t NAME(const T *bits, int64_t count) { \
    for (int64_t i = 0; i < count; i += 1024) { \
      int64_t end = count - i < 1024 ? count : i + 1024; \
      T found = 0; \
      for (int64_t j = i; j < end; j++) found |= (bits[j] & (EXPONENT)) == (EXPONENT); \
      if (found) \
        for (int64_t j = i; j < end; j++) \
          if ((bits[j] & (EXPONENT)) == (EXPONENT)) return j + 1; \
    } \
    return 0; \
  }
FIRST_NONFINITE(first_nonfinite_32, uint32_t, 0x7f800000u)
FIRST_NONFINITE(first_nonfinite_64, uint64_t, 0x7ff0000000000000u)
#undef FIRST_NONFINITE

int64_t adj_first_nonfinite(const void *src, adj_dtype dtype, int64_t count) {
  if (dtype == ADJ_F32) return first_nonfinite_32(src, count);
  if (dtype == ADJ_F64) return first_nonfinite_64(src, count);
  return 0;
}
