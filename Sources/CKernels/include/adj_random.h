// Counter-based random numbers: the same stream on every machine, whatever its instruction set.
#ifndef ADJ_RANDOM_H
#define ADJ_RANDOM_H
#include "adj_types.h"

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11). Word w of the stream (key, counter) is word w % 4 of the
// block of counter + w / 4. Writes words [0, count).
void adj_philox(uint64_t key, uint64_t stream, uint64_t counter, uint32_t *dst, int64_t count);

// Each element of dst takes the words that follow from `counter` on; each call returns how many
// counter values (blocks of four words) it used. float32 takes one word an element, float64 two.
// In [low, high), both finite: low + (high - low) * u, u a multiple of 2^-24 (float32) or 2^-53 (float64), rounded to
// the dtype's numbers inside. Where there are none, the smallest one that is not below low.
uint64_t adj_random_uniform(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double low, double high, void *dst);
// By inversion (Wichura's AS 241), in arithmetic that rounds the same on every machine.
uint64_t adj_random_normal(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double mean, double deviation, void *dst);
// 1 with the probability, else 0, in the dtype asked for. One word an element.
uint64_t adj_random_bernoulli(uint64_t key, uint64_t stream, uint64_t counter, adj_dtype dtype, int64_t count, double probability, void *dst);
// Integers in [low, high), unbiased enough: 64-bit multiply-shift of two words.
uint64_t adj_random_integers(uint64_t key, uint64_t stream, uint64_t counter, int64_t low, int64_t high, int64_t count, int64_t *dst);
// A uniformly random order of 0 ..< count (Fisher-Yates).
uint64_t adj_random_permutation(uint64_t key, uint64_t stream, uint64_t counter, int64_t count, int64_t *dst);

#endif
