/* The sums of `neighbours.py` in C: the same additions in the same order, thus the same sums to the last bit.
 *
 * Nothing is allocated; `neighbours_check` must have said yes before anything else is asked. No libc, no libm. */

#include <stddef.h>
#include <stdint.h>

/* Row after row end to end, row i's neighbours up to row_end[i]; `wide`: they are of 32 bits, else of 16. */
typedef struct {
    const uint32_t *row_end;
    const void *neighbour;
    uint32_t rows, pairs, wide;
} neighbours;

static uint32_t row_at(const neighbours *of, uint32_t at) {
    return of->wide ? ((const uint32_t *)of->neighbour)[at] : ((const uint16_t *)of->neighbour)[at];
}

static uint32_t start_of(const neighbours *of, uint32_t row) { return row ? of->row_end[row - 1] : 0; }

/* Whether every end and every neighbour is where it may be. */
int neighbours_check(const neighbours *of) {
    uint32_t last = 0;
    for (uint32_t row = 0; row < of->rows; last = of->row_end[row++])
        if (of->row_end[row] < last) return 0;
    if (last != of->pairs) return 0;
    for (uint32_t at = 0; at < of->pairs; at++)
        if (row_at(of, at) >= of->rows) return 0;
    return 1;
}

/* Count the seeds that lead to each row, and list the rows with any, in order; `led` begins as zeros and has, as `found`
 * has, a place for every row. Returns how many were found. */
uint32_t neighbours_led(const neighbours *of, const uint32_t *seeds, size_t count, uint32_t *led, uint32_t *found) {
    uint32_t rows = 0;
    for (size_t seed = 0; seed < count; seed++)
        for (uint32_t at = start_of(of, seeds[seed]); at < of->row_end[seeds[seed]]; at++) led[row_at(of, at)]++;
    for (uint32_t row = 0; row < of->rows; row++)
        if (led[row]) found[rows++] = row;
    return rows;
}

/* Add each pair's value to its neighbour's sum; `sums` has a place for every row. */
void neighbours_add(const neighbours *of, const uint32_t *seeds, size_t count, const float *values, double *sums) {
    for (size_t seed = 0; seed < count; seed++)
        for (uint32_t at = start_of(of, seeds[seed]); at < of->row_end[seeds[seed]]; at++)
            sums[row_at(of, at)] += values[at];
}

/* The same with counts for values. */
void neighbours_add_counts(
    const neighbours *of, const uint32_t *seeds, size_t count, const uint16_t *values, double *sums) {
    for (size_t seed = 0; seed < count; seed++)
        for (uint32_t at = start_of(of, seeds[seed]); at < of->row_end[seeds[seed]]; at++)
            sums[row_at(of, at)] += values[at];
}

/* For each asked row the place among the seeds of the one with the largest value for it, the first of equals; `count`
 * where none has any above 0. */
void neighbours_leading(const neighbours *of, const uint32_t *seeds, size_t count, const float *values,
                        const uint32_t *asked, size_t asked_count, uint32_t *leading) {
    for (size_t place = 0; place < asked_count; place++) {
        float most = 0.0f;
        leading[place] = (uint32_t)count;
        for (size_t seed = 0; seed < count; seed++)
            for (uint32_t at = start_of(of, seeds[seed]); at < of->row_end[seeds[seed]]; at++)
                if (row_at(of, at) == asked[place] && values[at] > most) {
                    most = values[at];
                    leading[place] = (uint32_t)seed;
                }
    }
}
